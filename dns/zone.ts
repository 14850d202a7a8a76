// The zone as DNS knows it: what each name answers. main.ts makes one of every snapshot, control.ts changes it, respond.ts asks it.
import { isIPv4, isIPv6 } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { NameRecords, ZoneSnapshot } from '../registry/types.ts'
import { TYPE } from './codes.ts'
import { isWithin, keyOf, parentOf } from './name.ts'

/** One record's data, as dns2 names its fields. */
export type Rdata =
  | { address: string }
  | { ns: string }
  | { primary: string; admin: string; serial: number; refresh: number; retry: number; expiration: number; minimum: number }

/** Records of one type under one name. `owner`: null is the name that was asked. */
export type Rrset = { owner: string | null; type: number; ttl: number; rdata: Rdata[] }

/**
 * What the zone says to a question. These objects live as long as they are true: a change makes new ones, so that what is
 * remembered about an object (cache.ts) is never stale.
 */
export type Lookup =
  | { kind: 'answer'; answers: Rrset[]; authorities: Rrset[]; additionals: Rrset[] }
  | { kind: 'nodata' | 'nxdomain'; answers: Rrset[]; authorities: Rrset[]; additionals: Rrset[] }
  | { kind: 'refused' }

type Answer = Extract<Lookup, { kind: 'answer' }>
type Negative = Extract<Lookup, { kind: 'nodata' | 'nxdomain' }>

/**
 * A name that exists: an answer for each type it has, made when it is first asked for. Most names have the one public address:
 * they share one object, and so one finished packet.
 */
type Name = { records: NameRecords; answers: Map<number, Answer> | null }

const REFUSED: Lookup = { kind: 'refused' }
const NOTHING: NameRecords = { a: [], aaaa: [] }
const EMPTY: Name = { records: NOTHING, answers: new Map() }

/** Sets of addresses that names are compared with; with more, each name has its own anyway. */
const MOST_ALIKE = 1000

/** Names between two turns of the event loop: a few milliseconds. */
const PIECE = 1000

/** Seconds for secondaries: refresh, retry and expire of the SOA (RIPE-203's advice, shorter refresh: NOTIFY may be lost). */
const TIMERS = { refresh: 3600, retry: 600, expiration: 1209600 }

/** One zone with its names; changes are visible to the next lookup. */
export class Zone {
  readonly name: string
  /** Octets of the zone's name in wire form. */
  readonly wireLength: number
  #serial: number
  readonly #ttl: number
  readonly #negativeTtl: number
  readonly #key: string
  readonly #names = new Map<string, Name>()
  /** How many names exist below each name: those above zero exist too, with no records of their own (RFC 8020). */
  readonly #below = new Map<string, number>()
  readonly #host: string
  /** The apex and ns.ZONE: ours, whatever names control sends. They are in #names too: one look-up a query. */
  readonly #own = new Map<string, Name>()
  readonly #apex = new Map<number, Answer>()
  #nodata: Negative
  #nxdomain: Negative

  constructor(snapshot: ZoneSnapshot) {
    this.name = snapshot.zone.toLowerCase().replace(/\.$/, '')
    this.#key = keyOf(this.name)
    this.wireLength = this.#key.length
    this.#serial = snapshot.serial
    this.#ttl = snapshot.ttl
    this.#negativeTtl = snapshot.negativeTtl
    this.#host = `ns.${this.name}`
    this.#addOwn(snapshot.apex)
    this.#nodata = this.#negative('nodata')
    this.#nxdomain = this.#negative('nxdomain')
    this.#apex.set(TYPE.SOA, only(this.#soa(null, this.#ttl)))
    const alike = new Map<string, Name>()
    for (const label in snapshot.names) this.#fill(label, snapshot.names[label] ?? NOTHING, alike)
  }

  /** Like the constructor, in pieces between which queries are answered: with 100,000 names it takes a third of a second. */
  static async gradually(snapshot: ZoneSnapshot): Promise<Zone> {
    const zone = new Zone({ ...snapshot, names: {} })
    const alike = new Map<string, Name>()
    let filled = 0
    for (const label in snapshot.names) {
      zone.#fill(label, snapshot.names[label] ?? NOTHING, alike)
      filled += 1
      if (filled % PIECE === 0) await turn()
    }
    return zone
  }

  get serial(): number { return this.#serial }
  /** Names besides the apex and ns.ZONE. */
  get size(): number { return this.#names.size - this.#own.size }

  /** What to answer for `key` (wire form, lower case) and a type. RFC 1034 section 4.3.2, without delegations: there are none. */
  lookup(key: string, type: number): Lookup {
    const name = this.#find(key)
    if (name === undefined) return isWithin(key, this.#key) ? this.#nxdomain : REFUSED
    const answers = name.answers ??= this.#answersOf(name.records)
    return (type === TYPE.ANY ? smallest(answers) : answers.get(type)) ?? this.#nodata
  }

  /** Sets or (null) removes the records of a name, given without the zone's suffix. */
  change(name: string, records: NameRecords | null, serial: number): void {
    const key = this.#keyOf(name)
    if (records === null) this.#remove(key)
    else this.#put(key, { records, answers: null })
    this.#serial = serial
    this.#renew()
  }

  #find(key: string): Name | undefined {
    return this.#names.get(key) ?? (this.#below.has(key) ? EMPTY : undefined)
  }

  #fill(label: string, records: NameRecords, alike: Map<string, Name>): void {
    const same = `${records.a.join()} ${records.aaaa.join()}`
    const name = alike.get(same) ?? { records, answers: null }
    if (alike.size < MOST_ALIKE) alike.set(same, name)
    this.#put(this.#keyOf(label), name)
  }

  /** The key of a name given without the zone's suffix. Nearly all are one label. */
  #keyOf(name: string): string {
    if (name.includes('.')) return keyOf(`${name}.${this.name}`)
    return name === '' ? this.#key : String.fromCharCode(name.length) + name.toLowerCase() + this.#key
  }

  #put(key: string, name: Name): void {
    if (this.#own.has(key)) return
    if (!this.#names.has(key)) this.#count(key, 1)
    this.#names.set(key, name)
  }

  #remove(key: string): void {
    if (!this.#own.has(key) && this.#names.delete(key)) this.#count(key, -1)
  }

  /** Counts a name that comes or goes at every name between it and the apex. */
  #count(key: string, by: 1 | -1): void {
    if (key.charCodeAt(0) + 1 + this.wireLength === key.length) return
    for (let up = parentOf(key); up !== null && up.length > this.wireLength; up = parentOf(up)) {
      const below = (this.#below.get(up) ?? 0) + by
      if (below === 0) this.#below.delete(up)
      else this.#below.set(up, below)
    }
  }

  /** What is no address is left out: it could not be encoded, and one bad record must not cost the other names their answers. */
  #answersOf(records: NameRecords, owner: string | null = null): Map<number, Answer> {
    const answers = new Map<number, Answer>()
    const a = records.a.filter(isIPv4)
    const aaaa = records.aaaa.filter(isPlainIpv6)
    if (a.length > 0) answers.set(TYPE.A, only(this.#addresses(TYPE.A, a, owner)))
    if (aaaa.length > 0) answers.set(TYPE.AAAA, only(this.#addresses(TYPE.AAAA, aaaa, owner)))
    return answers
  }

  #addresses(type: number, addresses: string[], owner: string | null): Rrset {
    return { owner, type, ttl: this.#ttl, rdata: addresses.map(address => ({ address })) }
  }

  #addOwn(apex: NameRecords): void {
    const glue = [...this.#answersOf(apex, this.#host).values()].flatMap(answer => answer.answers)
    const ns: Rrset = { owner: null, type: TYPE.NS, ttl: this.#ttl, rdata: [{ ns: this.#host }] }
    this.#apex.set(TYPE.NS, { ...only(ns), additionals: glue })
    for (const [type, answer] of this.#answersOf(apex)) this.#apex.set(type, answer)
    this.#own.set(this.#key, { records: apex, answers: this.#apex }).set(keyOf(this.#host), { records: apex, answers: null })
    for (const [key, own] of this.#own) this.#names.set(key, own)
  }

  /** Makes anew what carries the serial: the SOA and with it all negative answers. */
  #renew(): void {
    this.#apex.set(TYPE.SOA, only(this.#soa(null, this.#ttl)))
    this.#nodata = this.#negative('nodata')
    this.#nxdomain = this.#negative('nxdomain')
  }

  /** RFC 2308 section 3: the SOA with the smaller of its own TTL and its minimum says how long to remember that there is nothing. */
  #negative(kind: 'nodata' | 'nxdomain'): Negative {
    const soa = this.#soa(this.name, Math.min(this.#ttl, this.#negativeTtl))
    return { kind, answers: [], authorities: [soa], additionals: [] }
  }

  #soa(owner: string | null, ttl: number): Rrset {
    const people = { primary: this.#host, admin: `hostmaster.${this.name}` }
    return { owner, type: TYPE.SOA, ttl, rdata: [{ ...people, serial: this.#serial, ...TIMERS, minimum: this.#negativeTtl }] }
  }
}

function only(rrset: Rrset): Answer {
  return { kind: 'answer', answers: [rrset], authorities: [], additionals: [] }
}

/** Without a scope and without the dotted form, which dns2 would encode as other addresses. */
function isPlainIpv6(address: string): boolean {
  return isIPv6(address) && !/[.%]/.test(address)
}

/** One RRset of the name for ANY (RFC 8482 section 4.1): the first it has. */
function smallest(answers: Map<number, Answer>): Answer | undefined {
  for (const answer of answers.values()) return answer
  return undefined
}
