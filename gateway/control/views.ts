// A site as its owner sees it and a route as the admin does. Called by front.ts and watching.ts.
import type { Pod } from '../../provisioner/api.ts'
import type { Reservation, Route, SiteState, WakeCause } from '../../registry/types.ts'
import type { LastWake, RouteView, SiteView } from '../desk.ts'
import { siteRecords } from './addresses.ts'
import { reasons } from './idleness.ts'
import type { Parts } from './parts.ts'
import type { SiteStatus } from './states.ts'
import { urlOf } from './urls.ts'

type ViewParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone' | 'activity' | 'guests' | 'memory'>

/** The view of a reservation, without what would have to be asked of the provisioner. */
export function siteView(parts: ViewParts, reservation: Reservation): SiteView {
  const { name, kind, createdAt } = reservation
  const owner = parts.registry.accounts.get(reservation.owner)?.username ?? ''
  const url = urlOf(parts.house, parts.states.host(name))
  return { name, kind, url, owner, createdAt, www: reservation.www, usage: null, database: null, ...(kind === 'site' ? here(parts, name) : elsewhere(reservation)) }
}

type Rest = Omit<SiteView, 'name' | 'kind' | 'url' | 'owner' | 'createdAt' | 'www' | 'usage' | 'database'>

function elsewhere({ addresses }: Reservation): Rest {
  return {
    state: 'running', image: null, ipv4: addresses.a, ipv6: addresses.aaaa, limits: null, env: {}, php: {}, start: null, imageVersion: null, restartNeeded: false, wakeForRobots: false, ports: [], mostPorts: 0, egress: null,
    release: null, releases: [], lastWake: null, awake: null, failure: null,
  }
}

function here(parts: ViewParts, name: string): Rest {
  const { registry, states, zone } = parts
  const site = registry.sites.get(name)
  const status = states.get(name)
  const { a, aaaa } = siteRecords(zone.own, status?.ipv6 ?? null)
  const state = status?.suspended == null ? status?.state ?? 'creating' : 'suspended'
  return {
    state, image: site?.image ?? null, ipv4: a, ipv6: aaaa, limits: site?.limits ?? null, env: site?.env ?? {},
    php: site?.php ?? {}, start: site?.start ?? null, ...running(status?.pod, state),
    wakeForRobots: site?.wakeForRobots ?? false, ports: (site?.ports ?? []).map(({ port, proxyProtocol }) => ({ port, proxyProtocol })), mostPorts: site?.mostPorts ?? 0, egress: site?.egress ?? null,
    release: status?.pod?.release ?? null, releases: status?.pod?.releases ?? [],
    lastWake: status?.lastWake ?? null, awake: status?.state === 'running' ? awake(parts, status) : null, failure: status?.state === 'failed' ? status.failure : null,
  }
}

function awake(parts: ViewParts, status: SiteStatus): SiteView['awake'] {
  return { since: status.since, cause: status.lastWake?.cause ?? null, because: reasons(parts, status) }
}

function running(pod: Pod | null | undefined, state: SiteState): Pick<SiteView, 'imageVersion' | 'restartNeeded'> {
  return { imageVersion: pod?.image.includes('@') && pod.tier !== 'cold' ? pod.image : null, restartNeeded: state === 'running' && pod?.outdated === true }
}

/** One row of the admin's routing table; `ownerOf` gives a site's owner's name. */
export function routeView(parts: ViewParts, route: Route, ownerOf = (site: string) => siteOwner(parts, site)): RouteView {
  const busy = parts.activity.of(route.host)
  const { a, aaaa } = siteRecords(parts.zone.own, route.kind === 'site' ? route.ipv6 ?? null : null)
  const row = { host: route.host, kind: route.kind, ipv4: a, ipv6: aaaa, ...busy }
  if (route.kind !== 'site') return { ...row, site: null, owner: null, state: null, upstream: spelled(route.upstream), lastWake: null, memory: 0, because: null }
  const status = parts.states.get(route.site)
  const lastWake = status?.lastWake ?? null
  return { ...row, site: route.site, owner: ownerOf(route.site), state: route.state, upstream: spelled(route.upstream), lastWake: lastWake && shortWake(lastWake), memory: parts.memory.of(route.site), because: status?.state === 'running' ? reasons(parts, status) : null }
}

/** All rows at once: two questions to the registry instead of two a row. */
export function routeViews(parts: ViewParts, routes: Route[]): RouteView[] {
  const usernames = new Map(parts.registry.accounts.list().map(account => [account.id, account.username]))
  const owners = new Map(parts.registry.sites.list().map(site => [site.name, usernames.get(site.owner) ?? null]))
  return routes.map(route => routeView(parts, route, site => owners.get(site) ?? null))
}

function siteOwner({ registry }: ViewParts, name: string): string | null {
  const site = registry.sites.get(name)
  return site ? registry.accounts.get(site.owner)?.username ?? null : null
}

function spelled(upstream: Route['upstream']): string | null {
  if (!upstream) return null
  if ('path' in upstream) return upstream.path
  const scheme = upstream.protocol === undefined ? '' : `${upstream.protocol}://`
  return upstream.address.includes(':') ? `${scheme}[${upstream.address}]:${upstream.port}` : `${scheme}${upstream.address}:${upstream.port}`
}

function shortWake({ at, cause, ms }: LastWake): RouteView['lastWake'] {
  return { at, cause: causeText(cause), ms }
}

/** `GET /blog (browser)`, or who asked. */
function causeText(cause: WakeCause): string {
  return cause.by === 'visitor' ? `${cause.method} ${cause.path} (${cause.agent})` : cause.by
}
