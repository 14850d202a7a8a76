// What the parent of the zone says of it: its name servers, their addresses (glue), and the DS by which resolvers check signatures. Asked of the parent's own
// servers: a resolver tells what it remembers, or what the zone says of itself. Called by outside.ts.
import type { Packet } from 'dns2'
import { look, TYPE, type Server } from './query.ts'

/** A DS as a registrar shows it: key tag, algorithm, digest type and digest in upper-case hex. */
export type Ds = { tag: number; algorithm: number; digestType: number; digest: string }
/** `glue`: addresses by name, as far as the parent gives them. Names are in lower case. */
export type Delegation = { servers: string[]; glue: Map<string, string[]>; ds: Ds[] }
type Resolver = { resolveNs(name: string): Promise<string[]>; resolve4(name: string): Promise<string[]> }

/** Name servers of the parent that are tried. */
const TRIED = 3

/** Null where none of the parent's servers can be found or asked from here. */
export async function delegationOf(zone: string, resolver: Resolver, port = 53): Promise<Delegation | null> {
  for (const server of await parentServers(zone, resolver, port)) {
    const [referral, ds] = await Promise.all([look(zone, TYPE.NS, server), look(zone, TYPE.DS, server)])
    if (referral !== null && ds !== null && [0, 3].includes(referral.header.rcode)) return told(zone, referral, ds)
  }
  return null
}

/** The closest name above the zone that has name servers is its parent's. */
async function parentServers(zone: string, resolver: Resolver, port: number): Promise<Server[]> {
  for (let labels = zone.split('.').slice(1); labels.length > 0; labels = labels.slice(1)) {
    const names = await resolver.resolveNs(labels.join('.')).catch(() => [])
    const found = await Promise.all(names.slice(0, TRIED).map(name => resolver.resolve4(name).catch(() => [])))
    if (names.length > 0) return found.flatMap(addresses => addresses.slice(0, 1)).map(address => ({ address, port }))
  }
  return []
}

/** A parent answers with a referral, or with the zone's own records where it serves both. */
function told(zone: string, referral: Packet, ds: Packet): Delegation {
  const ours = (name: string): boolean => name.toLowerCase() === zone
  const servers = [...referral.authorities, ...referral.answers].filter(({ name, type }) => type === TYPE.NS && ours(name)).map(({ ns }) => (ns ?? '').toLowerCase())
  const glue = Map.groupBy(referral.additionals.filter(({ type }) => type === TYPE.A || type === TYPE.AAAA), ({ name }) => name.toLowerCase())
  return {
    servers: [...new Set(servers)],
    glue: new Map([...glue].map(([name, records]) => [name, records.map(({ address }) => address ?? '')])),
    ds: ds.answers.filter(({ name, type }) => type === TYPE.DS && ours(name)).flatMap(({ data }) => readDs(data)),
  }
}

/** RFC 4034 section 5.1. */
function readDs(data: unknown): Ds[] {
  if (!(data instanceof Uint8Array) || data.length < 5) return []
  const bytes = Buffer.from(data)
  return [{ tag: bytes.readUInt16BE(0), algorithm: bytes[2] ?? 0, digestType: bytes[3] ?? 0, digest: bytes.toString('hex', 4).toUpperCase() }]
}
