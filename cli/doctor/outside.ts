// What the outside sees of the house, from the parent of its zone inwards: delegation and signing, name servers, doors, CAA, the ACME server and the clock. Called by doctor.ts.
// All is asked from this machine; where an answer depends on that, the finding says so.
import { Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Agent, request } from 'undici'
import { canonical } from '../../wire/address.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Admin } from '../admin.ts'
import type { SigningView } from '../dns.ts'
import { allowed, relevant } from './caa.ts'
import { addressesOf, isSix } from './addresses.ts'
import { delegatedTo } from './delegation.ts'
import { judge, type Finding } from './finding.ts'
import { delegationOf, type Delegation } from './parent.ts'
import { prefixFindings } from './prefix.ts'
import { askSoa } from './query.ts'
import type { Ask, Reached } from './reached.ts'
import { copies } from './secondaries.ts'
import { signing } from './signing.ts'

const PATIENCE = 5_000
const CLOCK = 60_000
/** Zones that the world can't know (RFC 6761, RFC 9476, RFC 8375). */
const PRIVATE = /(^|\.)(localhost|test|example|invalid|internal|local|lan|home\.arpa)$/

/** Nothing where no house runs, which another finding says. */
export async function outside(admin: Admin): Promise<Finding[]> {
  try {
    const [house, signing] = await Promise.all([admin.json<Omit<Reached, 'signing'>>('GET', '/api/house/reached'), admin.json<SigningView>('GET', '/api/dnssec')])
    const resolver = new Resolver({ timeout: PATIENCE, tries: 2 })
    const ask = { resolveNs: (name: string) => resolver.resolveNs(name), resolve4: (name: string) => resolver.resolve4(name), resolve6: (name: string) => resolver.resolve6(name), resolveCaa: (name: string) => resolver.resolveCaa(name) }
    return await seen({ ...house, signing }, { ...ask, parent: zone => delegationOf(zone, ask) })
  } catch (error) {
    if (error instanceof AubergeError) return []
    throw error
  }
}

/** A zone that only this machine or network knows isn't looked for in the world. */
export async function seen(house: Reached, ask: Ask): Promise<Finding[]> {
  const world = house.zone.includes('.') && !PRIVATE.test(house.zone)
  const parent = world && house.ports.dns !== null ? await ask.parent(house.zone) : null
  const [delegated, server, copied, doors, grounds, acme] = await Promise.all([
    world ? delegation(house, parent, ask) : [], nameServer(house, world ? 'flaw' : 'warning'), copies(house.zone, house.nameServer, house.secondaries), openDoors(house),
    house.ipv6Prefix === null ? [] : prefixFindings(house.ipv6Prefix, house.ports.http, opens), house.acme ? acmeServer(house.acme) : null,
  ])
  const caa = acme?.identities && world ? await authorities(house, acme.identities, ask) : []
  return [...delegated, ...signing(house.signing, parent?.ds ?? null), ...server, ...copied, ...doors, ...grounds, ...caa, ...(acme?.findings ?? [])]
}

/** Outermost: does the parent send people here, and are they told the right address? */
async function delegation(house: Reached, parent: Delegation | null, ask: Ask): Promise<Finding[]> {
  if (house.ports.dns === null) return []
  const { zone } = house
  const servers = parent?.servers ?? await ask.resolveNs(zone).catch((error: NodeJS.ErrnoException) => error.code ?? 'no answer')
  const found = servers.length === 0 || typeof servers === 'string' ? [] : await Promise.all(addressesOf(house).map(wanted => address(zone, wanted, ask)))
  return [...delegatedTo(house, servers, parent?.glue ?? null), ...found]
}

async function address(zone: string, wanted: string, ask: Ask): Promise<Finding> {
  const look = isSix(wanted) ? ask.resolve6(zone) : ask.resolve4(zone)
  const found = await look.then(all => all.map(canonical), (error: NodeJS.ErrnoException) => [error.code ?? 'no answer'])
  const option = isSix(wanted) ? '--public-ipv6' : '--public-ipv4'
  return judge(`address${kind(wanted)}`, found.includes(wanted), `${zone} is ${found.join(', ')}`, `${zone} is ${found.join(', ')} outside, and ${wanted} here; say ${option} with the address that the world reaches, or wait until caches have forgotten the old one`)
}

async function nameServer(house: Reached, verdict: 'flaw' | 'warning'): Promise<Finding[]> {
  const { dns } = house.ports
  if (dns === null) return []
  return Promise.all(addressesOf(house).flatMap(address => (['udp', 'tcp'] as const).map(over => asked(house.zone, { address, port: dns, over }, verdict))))
}

async function asked(zone: string, server: { address: string; port: number; over: 'udp' | 'tcp' }, verdict: 'flaw' | 'warning'): Promise<Finding> {
  const { address, port, over } = server
  const own = isOwn(address)
  const said = await askSoa(zone, server)
  const subject = `port ${port} over ${over.toUpperCase()}${kind(address)}`
  const why = said === 'nothing' ? `nothing answers at ${address}: open the port in the firewall, and forward it where a router stands between` : `what answers at ${address} does not know ${zone}: another name server has the port, or a router answers itself`
  return judge(subject, said === 'authoritative', `answers for ${zone} (asked from this machine)`, `${why}${own ? '' : NOT_OWN}; without it nobody finds the zone, and no ACME server can be shown that it is yours`, own ? verdict : 'warning')
}

async function openDoors(house: Reached): Promise<Finding[]> {
  const { http, https } = house.ports
  const doors = ([[http, 80, 'HTTP'], [https, 443, 'HTTPS']] as const).flatMap(([port, usual, what]) => (port === null ? [] : addressesOf(house).map(address => ({ port, usual, what, address }))))
  return Promise.all(doors.map(async ({ port, usual, what, address }) => {
    const open = await opens(address, port)
    const other = port === usual ? '' : `; browsers go to ${usual}, so a router must send that here`
    return judge(`port ${port} (${what})${kind(address)}`, open, `open at ${address} (asked from this machine)${other}`, `closed at ${address}: open it in the firewall, and forward it where a router stands between${isOwn(address) ? '' : NOT_OWN}`, 'warning')
  }))
}

function kind(address: string): string {
  return isSix(address) ? ' over IPv6' : ''
}

/** A router that forwards from outside may still not lead back to who is inside. */
const NOT_OWN = ' (this machine does not have the address itself: ask from elsewhere as well, before you believe it)'

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).flat().some(each => each !== undefined && canonical(each.address) === address)
}

function opens(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: PATIENCE })
    const end = (open: boolean): void => { socket.destroy(); resolve(open) }
    socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false))
  })
}

/** Who may sign, by the zone's records, against who the server says it is. */
async function authorities({ zone }: Reached, identities: string[], ask: Ask): Promise<Finding[]> {
  const { at, records } = await relevant(zone, name => ask.resolveCaa(name).catch(() => []))
  const { plain, wild } = allowed(records)
  const forbidden = [plain, wild].some(list => list !== null && !list.some(name => identities.includes(name)))
  const fits = records.length === 0 ? 'none, so that any authority may sign' : `${at} allows ${[...new Set([...plain ?? [], ...wild ?? []])].join(', ')}`
  return [judge('CAA', !forbidden, fits, `${at} allows ${[...new Set([...plain ?? [], ...wild ?? []])].join(', ') || 'nobody'} to sign, and not ${identities[0]}; add CAA 0 issue "${identities[0]}" there, or choose another server with --acme`)]
}

type Directory = { newOrder?: unknown; meta?: { caaIdentities?: string[] } }

/** Innermost: the server that signs, and by its answer this machine's clock. */
async function acmeServer({ url, caFile }: NonNullable<Reached['acme']>): Promise<{ findings: Finding[]; identities: string[] | null }> {
  const agent = new Agent({ connect: { ...(caFile === null ? {} : { ca: readFileSync(caFile, 'utf8') }), timeout: PATIENCE }, headersTimeout: PATIENCE, bodyTimeout: PATIENCE })
  try {
    const { headers, body, statusCode } = await request(url, { dispatcher: agent })
    const text = await body.text()
    const directory = directoryOf(text)
    const server = judge('ACME server', directory !== null, `${url} answers`, `${url} answers with status ${statusCode} and no ACME directory; check --acme`)
    return { findings: [server, clock(Date.parse(String(headers.date)) - Date.now())], identities: directory?.meta?.caaIdentities ?? null }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const certificate = /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code ?? '')
    const mend = certificate ? "its certificate can't be believed: give its authority's with --acme-ca-file, or set this machine's clock right" : 'this machine must reach it over the internet: look at its resolver, its route and its firewall'
    return { findings: [{ subject: 'ACME server', verdict: 'flaw', detail: `${url} can't be reached (${code ?? message}); ${mend}` }], identities: null }
  } finally {
    await agent.destroy()
  }
}

function directoryOf(text: string): Directory | null {
  try {
    const found = JSON.parse(text) as Directory
    return typeof found?.newOrder === 'string' ? found : null
  } catch {
    return null
  }
}

function clock(skew: number): Finding {
  const minutes = Math.round(Math.abs(skew) / 60_000)
  return judge('clock', !(Math.abs(skew) > CLOCK), 'agrees with the ACME server', `${minutes} min ${skew > 0 ? 'behind' : 'ahead of'} the ACME server's; set it right and keep it so (timedatectl set-ntp true)`)
}
