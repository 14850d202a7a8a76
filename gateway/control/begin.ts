// What control knows before anyone has told it anything: the registry's names, and how the sites were when it last ran. Called by assemble.ts.
import { readFileSync } from 'node:fs'
import type { Pod } from '../../provisioner/api.ts'
import type { NameRecords, Route, Site, SiteRoute } from '../../registry/types.ts'
import type { Registry } from '../../registry/registry.ts'
import { places, type House } from '../../wire/house.ts'
import { ownIpv6, siteRecords } from './addresses.ts'
import { leadOf } from './domains/domains.ts'
import { specOf } from './parts.ts'
import { hasWww, houseNames, namesOf } from './records.ts'
import type { RoutingTable } from './routes.ts'
import type { States } from './states.ts'

/** The panel at the zone's apex and the static routes of the command line. */
export function fixedRoutes(table: RoutingTable, house: House): void {
  table.set({ host: house.zone, kind: 'panel', upstream: { path: places(house.data).panelSocket } })
  for (const { host, upstream } of house.routes) table.set({ host, kind: 'static', upstream })
}

/** What DNS answers, by the name it goes with: the apex, every name that is held, and static routes' names in the zone. */
export function * zoneNames(registry: Registry, house: House, own: NameRecords): Iterable<[string, Record<string, NameRecords>]> {
  const kept = houseNames(registry, own)
  if (kept[''] !== own || Object.keys(kept).length > 1) yield ['', kept]
  for (const { host } of house.routes) {
    const label = host.endsWith(`.${house.zone}`) ? host.slice(0, -house.zone.length - 1) : ''
    if (/^[a-z0-9-]+$/.test(label)) yield [label, { [label]: own }]
  }
  const sites = siteRecordsOf(registry, house, own)
  for (const reservation of registry.reservations.walk()) {
    const { name, kind, phase, addresses } = reservation
    if (phase === 'held') yield [name, namesOf(name, kind === 'site' ? sites.get(name) ?? own : addresses, reservation)]
  }
}

/** Sites' records where they aren't the house's. */
function siteRecordsOf(registry: Registry, house: House, own: NameRecords): Map<string, NameRecords> {
  if (house.ipv6Prefix === null) return new Map()
  return new Map(Array.from(registry.sites.walk(), site => [site.name, siteRecords(own, ownIpv6(house, site))]))
}

/**
 * Every held site, running where it was running when the last snapshot was written: until the provisioner has been asked, a site
 * that answers shall go on doing so. All others begin asleep.
 */
export function loadSites(registry: Registry, states: States, house: House): void {
  const suspended = new Map(registry.accounts.list().map(account => [account.id, account.suspended]))
  const last = lastRoutes(places(house.data).routesSnapshot)
  const unfinished = new Set(registry.reservations.unfinished().map(one => one.name))
  for (const site of registry.sites.walk()) {
    if (unfinished.has(site.name)) continue
    const pod = lastPod(site, last.get(site.name))
    states.add(site.name, { state: pod ? 'running' : 'asleep', pod, suspended: suspended.get(site.owner) ?? null, wakeForRobots: site.wakeForRobots, ipv6: ownIpv6(house, site), ports: site.ports })
  }
}

/** Which custom domains lead to which site, and which sites have a `www.`. Before the sites, so that each comes with all its hosts. */
export function loadDomains(registry: Registry, states: States): void {
  const bySite = Map.groupBy(registry.domains.walkHeld(), one => one.site)
  for (const reservation of registry.reservations.walk()) {
    const { name } = reservation
    const www = hasWww(reservation)
    if (www || bySite.has(name)) states.lead(name, leadOf(bySite.get(name) ?? [], www ? `www.${states.host(name)}` : null))
  }
}

function lastPod(site: Site, route: SiteRoute | undefined): Pod | null {
  if (!route?.upstream || !('address' in route.upstream)) return null
  const { address: ipv4, port } = route.upstream
  return { name: site.name, tier: 'running', image: site.image, ipv4, ipv6: '', port, outdated: false, database: null, spec: specOf(site), release: null, releases: [] }
}

/** The site routes of the last snapshot; none where there is no snapshot that can be read. */
function lastRoutes(file: string): Map<string, SiteRoute> {
  try {
    const { routes } = JSON.parse(readFileSync(file, 'utf8')) as { routes: Route[] }
    return new Map(routes.flatMap(route => (route.kind === 'site' ? [[route.site, route]] : [])))
  } catch {
    return new Map()
  }
}
