// Zone transfers (AXFR, RFC 5936; IXFR, RFC 1995): who may have one, and the records of it in messages. Called by respond.ts.
import { write } from './answer.ts'
import { recordsOf } from './body.ts'
import { RCODE, TYPE, type Rcode } from './codes.ts'
import { chained } from './dnssec/chain.ts'
import { Journal, type Difference, type Owned } from './journal.ts'
import { skipName, type Query } from './parse.ts'
import { isAtLeast } from '../registry/serial.ts'
import type { Peer } from './secondaries.ts'
import type { Rrset } from './sets.ts'
import type { Signing } from './tsig.ts'
import type { Zone } from './zone.ts'

/** Bytes of records in one message: a quarter of a millisecond's work, between which queries are answered. */
const MESSAGE = 16_000

/** Transfers under way at a time, and of one secondary, over which it has to come again: each holds a list of all names. */
const MOST = 8
const MOST_OF_ONE = 2

/** The records of a transfer in their order, or why there is none. */
type Plan = { kind: 'records'; records: Iterable<Owned> } | { kind: 'refused'; rcode: Rcode }

export class Transfers {
  readonly journal = new Journal()
  readonly #peers: readonly Peer[]
  /** Whose transfers are under way, an address for each. */
  readonly #running: string[] = []

  constructor(peers: readonly Peer[] = []) { this.#peers = peers }

  /** Whether a secondary lives at `address` and has shown its key, if it has one; `holder` is whose key was shown. */
  allows(address: string, holder: string | null): boolean {
    const from = plain(address)
    return this.#peers.some(peer => peer.address === from && (peer.key === null || peer.key.name === holder))
  }

  /** The messages of the transfer that an allowed secondary asks for, to be taken one by one, or the code of the answer where there is none. */
  messages(query: Query, zone: Zone, signing: Signing | null, address: string): Iterator<Buffer> | Rcode {
    const peer = plain(address)
    if (this.#running.length >= MOST || this.#running.filter(each => each === peer).length >= MOST_OF_ONE) return RCODE.SERVFAIL
    const plan = this.#plan(query, zone)
    return plan.kind === 'refused' ? plan.rcode : this.#counted(packed(query, wireOf(plan.records, zone), signing), peer)
  }

  #plan(query: Query, zone: Zone): Plan {
    if (query.name !== zone.key) return { kind: 'refused', rcode: RCODE.NOTAUTH }
    if (query.type === TYPE.AXFR) return { kind: 'records', records: whole(zone) }
    const since = serialIn(query)
    if (since === null) return { kind: 'refused', rcode: RCODE.FORMERR }
    // RFC 1995 section 2: who has this version or a later one gets the SOA alone.
    if (isAtLeast(since, zone.serial)) return { kind: 'records', records: [soaOf(zone)] }
    // A signed zone differs in the chain and in signatures, which the journal doesn't hold.
    const differences = zone.signed === null ? this.journal.since(since) : null
    return { kind: 'records', records: differences === null ? whole(zone) : incremental(zone, differences) }
  }

  /** Counts from now on, not from the first message on, and once, however it ends. */
  #counted(messages: Iterator<Buffer>, peer: string): Iterator<Buffer> {
    this.#running.push(peer)
    let end = (): void => { this.#running.splice(this.#running.indexOf(peer), 1); end = () => undefined }
    return {
      next() {
        const step = messages.next()
        if (step.done === true) end()
        return step
      },
      return() {
        end()
        return { done: true, value: undefined }
      },
    }
  }
}

/** An IPv4 address as itself, over whichever socket it came. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** The zone as it is now, whatever changes meanwhile: the SOA first and last (RFC 5936 section 2.2). */
function whole(zone: Zone): Iterable<Owned> {
  const soa = soaOf(zone)
  const sets = zone.signed === null ? setsIn(zone.walk()) : chained(zone, zone.signed.signer)
  return (function* () {
    yield soa
    for (const [key, set] of sets) if (set.type !== TYPE.SOA) yield [key, set]
    yield soa
  })()
}

function* setsIn(names: Iterable<[string, readonly Rrset[]]>): Generator<Owned> {
  for (const [key, sets] of names) for (const set of sets) yield [key, set]
}

/** RFC 1995 section 4: for each change the SOA before, what went, the SOA after, what came; all between the newest SOA twice. */
function* incremental(zone: Zone, differences: Difference[]): Generator<Owned> {
  const soa = soaOf(zone)
  yield soa
  for (const { from, to, removed, added } of differences) {
    yield withSerial(soa, from)
    yield* removed
    yield withSerial(soa, to)
    yield* added
  }
  yield soa
}

function soaOf(zone: Zone): Owned {
  const soa = zone.setsAt(zone.key)?.find(({ type }) => type === TYPE.SOA)
  if (soa === undefined) throw new Error(`zone ${zone.name} has no SOA`)
  return [zone.key, soa]
}

/** Bytes at the end of an SOA's data, from its serial on (RFC 1035 section 3.3.13). */
const SERIAL_ON = 20

function withSerial([key, set]: Owned, serial: number): Owned {
  const rdata = Buffer.from(set.rdata[0] ?? '')
  rdata.writeUInt32BE(serial, rdata.length - SERIAL_ON)
  return [key, { ...set, rdata: [rdata] }]
}

/** The serial of the version that the sender of an IXFR has, from its SOA (RFC 1995 section 3); null where there is none. */
function serialIn({ wire, questionEnd }: Query): number | null {
  if (wire.readUInt16BE(8) !== 1) return null
  const fixed = skipName(wire, questionEnd)
  if (wire.readUInt16BE(fixed) !== TYPE.SOA) return null
  const end = fixed + 10 + wire.readUInt16BE(fixed + 8)
  const admin = skipName(wire, fixed + 10)
  const at = admin === 0 ? 0 : skipName(wire, admin)
  return at === 0 || at + SERIAL_ON !== end ? null : wire.readUInt32BE(at)
}

/** Records in wire form. */
type Piece = { bytes: Buffer; count: number }

function* wireOf(records: Iterable<Owned>, zone: Zone): Generator<Piece> {
  for (const [key, set] of records) yield recordsOf(named(key, set), zone)
}

function named(key: string, set: Rrset): Rrset {
  return set.owner === null ? { ...set, owner: key } : set
}

/** Messages, each with the question, so that names are pointers to it, and each signed (RFC 8945 section 5.3.1). */
function* packed(query: Query, pieces: Iterable<Piece>, signing: Signing | null): Generator<Buffer> {
  let held: Piece[] = []
  let size = 0
  for (const piece of pieces) {
    if (size + piece.bytes.length > MESSAGE && size > 0) {
      yield message(query, held, signing)
      held = []
      size = 0
    }
    held.push(piece)
    size += piece.bytes.length
  }
  yield message(query, held, signing)
}

function message(query: Query, pieces: Piece[], signing: Signing | null): Buffer {
  const bytes = Buffer.concat(pieces.map(piece => piece.bytes))
  const answers = pieces.reduce((sum, { count }) => sum + count, 0)
  const body = { bytes, essential: bytes.length, answers, authorities: 0, additionals: 0 }
  const packet = write(query, { rcode: RCODE.NOERROR, authoritative: true, truncated: false, body, cookie: null }, 65535)
  return signing === null ? packet : signing.sign(packet)
}
