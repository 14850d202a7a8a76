// Where the house's certificates come from: its own authority for every name, and an ACME server's in front of that. Called by assemble.ts.
import type { Route } from '../../registry/types.ts'
import { places, type AcmeFiles, type AcmeServer, type House } from '../../wire/house.ts'
import type { Logger } from '../../wire/log.ts'
import { isPublic } from '../certificates/acme/chains.ts'
import { Engine } from '../certificates/acme/engine.ts'
import { Schedule, type Word } from '../certificates/acme/schedule.ts'
import { Certificates } from '../certificates/certificates.ts'
import { isIn } from '../certificates/names.ts'
import { dnsSolver } from './prove.ts'
import type { RoutingTable } from './routes.ts'
import type { Zone } from './zone.ts'

type Given = { house: House; files: AcmeFiles | null; table: RoutingTable; zone: Zone; log: Logger }
type Source = { certificates: Certificates | null; acme: Schedule | null }

/** Resolves with what was kept, served from now on; what is missing is made or ordered in the background. Neither where the house serves no HTTPS. */
export async function certify(given: Given): Promise<Source> {
  const { house, table, log } = given
  if (house.https.length === 0) return { certificates: null, acme: null }
  const { certificates: directory, certificatesSnapshot: snapshot } = places(house.data)
  const server = house.acme === 'internal' || house.acme === 'off' ? null : house.acme
  const source: Source = { certificates: null, acme: null }
  const fill = async (certificates: Certificates): Promise<void> => { if (server) source.acme = await acmeOf(server, given, certificates) }
  const routes = table.all()
  const certificates = await Certificates.open({
    zone: house.zone, source: house.acme === 'off' ? 'off' : 'internal', directory, snapshot, hosts: routes.map(route => route.host), domains: domainsOf(routes, house.zone), log, fill,
  })
  table.follow(change => {
    if (change.type === 'gone') return certificates.drop(change.host)
    const routes = change.type === 'route' ? [change.route] : change.routes
    for (const { host } of routes) void certificates.want(host)
    for (const domain of domainsOf(routes, house.zone)) void certificates.wantDomain(domain)
  })
  return { ...source, certificates }
}

/** Sites' hosts outside the zone; a static route there is somebody else's name, for which the administrator brings a certificate. */
function domainsOf(routes: Route[], zone: string): string[] {
  return routes.filter(({ kind, host }) => kind === 'site' && !isIn(zone, host)).map(route => route.host)
}

/** One certificate for the zone and all names directly below it: no name of a site is in a public log, and none counts against a limit. */
async function acmeOf(server: AcmeServer, { house, files, zone, log }: Given, certificates: Certificates): Promise<Schedule> {
  const directory = `${places(house.data).certificates}/acme`
  const binding = server.binding && files?.bindingKey ? { kid: server.binding.kid, key: files.bindingKey } : null
  const engine = await Engine.open({ server: server.url, ca: files?.ca ?? null, email: server.email, binding, directory, log })
  const tell = (word: Word): void => { pass(word, certificates, server) }
  const schedule = await Schedule.open({ engine, directory, log, tell, profile: server.profile, issuer: server.chain })
  await schedule.want({ identifiers: [house.zone, `*.${house.zone}`], solvers: [dnsSolver({ zone, house, log })], account: null })
  return schedule
}

/** Browsers trust it where its root is public, or where whoever named an authority of his own sees to that. One from a test's authority must redirect nobody. */
function pass(word: Word, certificates: Certificates, server: AcmeServer): void {
  if (word.type === 'dropped') return certificates.withdraw(word.id)
  const { key, chain, expiresAt } = word.certified
  const trusted = server.caFile !== null || isPublic(chain)
  if (word.type === 'issued') return certificates.install({ names: word.identifiers, chain, key, trusted, expiresAt })
  return trusted ? certificates.lapse(word.id) : certificates.withdraw(word.id)
}
