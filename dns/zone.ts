// The zone as DNS knows it: what each name answers. main.ts makes one of every snapshot, control.ts changes it, respond.ts asks it.
import { setImmediate as turn } from 'node:timers/promises'
import type { ZoneKeys } from '../registry/keyring.ts'
import type { NameRecords, ZoneSnapshot } from '../registry/types.ts'
import { TYPE } from './codes.ts'
import { SignedAnswers } from './dnssec/answers.ts'
import { keySets } from './dnssec/keyset.ts'
import { Signer } from './dnssec/signer.ts'
import { addressed, answerFrom, leadsOn, type Asking, type Lookup, type Said } from './lookup.ts'
import { isWithin, keyOf } from './name.ts'
import { encodeSoa } from './rdata.ts'
import { addressesOf, setsOf, type Rrset } from './sets.ts'
import { Tree, type Found } from './tree.ts'

/** A name server that the zone names; in the zone it answers with these addresses. */
export type NameServer = { name: string; a: string[]; aaaa: string[] }

/**
 * A name with records: its sets and what it answers, made when it is first asked for. Most names have the one public address: they share
 * one object, and so one finished packet. `made`: at which version of the zone, or ALWAYS where the answers depend on no other name.
 * `isKept`: whether what it answers is kept, as others have it too, or it has more than addresses. To keep it costs ten times what making it does
 * where all there is are addresses of its own.
 */
type Name = { records: NameRecords; sets: Rrset[] | null; answers: Map<number, Said> | null; made: number; isKept: boolean }

const REFUSED: Lookup = { kind: 'refused' }
const NOTHING: NameRecords = { a: [], aaaa: [] }

const ALWAYS = -1

/** Where a name keeps what it says to types that neither it nor what it is an alias of has: no type has this number. */
const OTHERWISE = -1

/** Sets of addresses that names are compared with; with more, each name has its own anyway. */
const MOST_ALIKE = 1000

/** Names between two turns of the event loop: a few milliseconds. */
const PIECE = 1000

/** Seconds for secondaries: refresh, retry and expire of the SOA (RIPE-203's advice, shorter refresh: NOTIFY may be lost). */
const TIMERS = { refresh: 3600, retry: 600, expiration: 1209600 }

/** Octets at the end of an SOA's data, from its serial on. */
const SERIAL_ON = 20

/** One zone with its names; changes are visible to the next lookup. */
export class Zone {
  readonly name: string
  /** The zone's name in wire form. */
  readonly key: string
  /** Answers with signatures; null where the zone isn't signed. */
  readonly signed: SignedAnswers | null
  readonly #keySets: Rrset[]
  #serial: number
  #version = 0
  readonly #ttl: number
  readonly #negativeTtl: number
  readonly #names: Tree<Name>
  readonly #host: string
  /** The name servers as the zone's NS records, unless control sends others: ns.ZONE, and secondaries with a name. */
  readonly #servers: Rrset
  /** Keys of those in the zone: their addresses are ours to say, whatever names control sends. */
  readonly #hosts = new Set<string>()
  /** What the apex has besides its SOA. */
  #apex: Rrset[] = []
  readonly #soa: Buffer
  readonly #asking: Asking
  #nodata: Said
  #nxdomain: Said

  /** `servers`: name servers besides ns.ZONE. `keys`: what the zone is signed with; null: it isn't. */
  constructor(snapshot: ZoneSnapshot, servers: readonly NameServer[] = [], keys: ZoneKeys | null = null) {
    this.name = snapshot.zone.toLowerCase().replace(/\.$/, '')
    this.key = keyOf(this.name)
    this.#names = new Tree(this.key)
    this.signed = keys === null ? null : new SignedAnswers(new Signer(this.key, keys))
    this.#keySets = keys === null ? [] : keySets(this.name, keys)
    this.#serial = snapshot.serial
    this.#ttl = snapshot.ttl
    this.#negativeTtl = snapshot.negativeTtl
    this.#host = `ns.${this.name}`
    this.#soa = encodeSoa({ primary: this.#host, admin: `hostmaster.${this.name}`, serial: 0, ...TIMERS, minimum: this.#negativeTtl })
    this.#asking = { find: key => this.find(key), soa: this.#negativeSoa() }
    this.#nodata = this.#negative('nodata')
    this.#nxdomain = this.#negative('nxdomain')
    const all = [{ name: this.#host, a: snapshot.apex.a, aaaa: snapshot.apex.aaaa }, ...servers]
    this.#servers = { owner: null, type: TYPE.NS, ttl: this.#ttl, rdata: all.map(({ name }) => Buffer.from(keyOf(name), 'latin1')), wildcard: null }
    for (const { name, a, aaaa } of all) this.#addHost(keyOf(name), { a, aaaa })
    this.#setApex(snapshot.apex)
    this.#renew()
    const alike = new Map<string, Name>()
    for (const label in snapshot.names) this.#fill(label, snapshot.names[label] ?? NOTHING, alike)
  }

  /** Like the constructor, in pieces between which queries are answered: with 100,000 names it takes a third of a second. */
  static async gradually(snapshot: ZoneSnapshot, servers: readonly NameServer[] = [], keys: ZoneKeys | null = null): Promise<Zone> {
    const zone = new Zone({ ...snapshot, names: {} }, servers, keys)
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
  /** Seconds that proofs of what isn't there may be kept, as long as the SOA beside them (RFC 9077). */
  get denialTtl(): number { return Math.min(this.#ttl, this.#negativeTtl) }
  /** Names besides the apex and its name servers. */
  get size(): number { return this.#names.size - this.#hosts.size - 1 }

  /** What to answer for `key` (wire form, lower case) and a type. */
  lookup(key: string, type: number): Lookup {
    const added = this.signed?.lookup({ name: key, type }, this) ?? null
    if (added !== null) return added
    const found = this.#names.find(key)
    if (found.is === 'none') return isWithin(key, this.key) ? this.#nxdomain : REFUSED
    if (found.is === 'empty') return this.#nodata
    const name = found.value
    if (found.is === 'name' && !name.isKept && this.signed === null && (type === TYPE.A || type === TYPE.AAAA)) {
      const own = addressesOf(name.records, type, this.#ttl)
      if (own.rdata.length > 0) return addressed(own)
    }
    if (name.made !== ALWAYS && name.made !== this.#version) name.answers = null
    // A wildcard asked by its own name says what it says of others, for what it said is kept under it.
    return name.answers?.get(type) ?? this.#say(key.startsWith('\x01*') ? { is: 'wildcard', value: name, at: key } : found, type)
  }

  /** The sets under one name in wire form, the SOA of the apex among them; null where it has none of its own. */
  setsAt(key: string): readonly Rrset[] | null {
    const name = this.#names.get(key)
    return name === undefined ? null : this.#setsOf(name)
  }

  /** Every name that has records now, and its sets, in no order; see `setsAt`. What changes while they are taken, one by one, is not among them. */
  walk(): Iterable<[string, readonly Rrset[]]> {
    const names = [...this.#names.entries()]
    return names.values().map(([key, name]) => [key, this.#setsOf(name)])
  }

  /** Sets or (null) removes the records of names, given without the zone's suffix ('' is the apex), in one step. */
  change(names: Record<string, NameRecords | null>, serial: number): void {
    for (const [name, records] of Object.entries(names)) this.#change(this.keyOf(name), records)
    this.#serial = serial
    this.#renew()
  }

  #change(key: string, records: NameRecords | null): void {
    if (key === this.key) this.#setApex(records ?? NOTHING)
    else if (this.#hosts.has(key)) return
    else if (records === null) this.#names.remove(key)
    else this.#names.put(key, named(records))
  }

  /** What a name is, and its sets or those of the wildcard that speaks for it; null for a name outside the zone. */
  find(key: string): Found<Rrset[]> | null {
    const found = this.#names.find(key)
    if ('value' in found) return { ...found, value: this.#setsOf(found.value) }
    return found.is === 'empty' || isWithin(key, this.key) ? found : null
  }

  #setsOf(name: Name): Rrset[] {
    return name.sets ??= setsOf(name.records, this.#ttl)
  }

  #say(found: Extract<Found<Name>, { value: Name }>, type: number): Said {
    const name = found.value
    const sets = this.#setsOf(name)
    // RFC 8482 section 4.1: one set of the name for ANY.
    const wanted = type === TYPE.ANY ? sets[0]?.type ?? type : type
    const said = answerFrom({ ...found, value: sets }, wanted, this.#asking)
    if (said.answers.length === 0) return this.#nodata
    const slot = said.answers.at(-1)?.type === wanted ? type : OTHERWISE
    const answers = name.answers ??= new Map<number, Said>()
    const before = answers.get(slot)
    if (before !== undefined) return before
    name.made = leadsOn(sets) ? this.#version : ALWAYS
    answers.set(slot, said)
    return said
  }

  #fill(label: string, records: NameRecords, alike: Map<string, Name>): void {
    if (label === '') return this.change({ '': records }, this.#serial)
    if (records.sets !== undefined || label.startsWith('*')) return this.#change(this.keyOf(label), records)
    const same = `${records.a.join()} ${records.aaaa.join()}`
    const other = alike.get(same)
    const name = other ?? named(records)
    if (other !== undefined) other.isKept = true
    if (alike.size < MOST_ALIKE) alike.set(same, name)
    const key = this.keyOf(label)
    if (!this.#hosts.has(key)) this.#names.put(key, name)
  }

  /** The key of a name given without the zone's suffix. Nearly all are one label. */
  keyOf(name: string): string {
    if (name.includes('.')) return keyOf(`${name}.${this.name}`)
    return name === '' ? this.key : String.fromCharCode(name.length) + name.toLowerCase() + this.key
  }

  #addHost(key: string, records: NameRecords): void {
    if (!isWithin(key, this.key)) return
    this.#hosts.add(key)
    this.#names.put(key, named(records))
  }

  #setApex(records: NameRecords): void {
    const sets = setsOf(records, this.#ttl).filter(({ type }) => type !== TYPE.CNAME)
    this.#apex = sets.some(({ type }) => type === TYPE.NS) ? sets : [this.#servers, ...sets]
  }

  /** Makes anew what carries the serial: the SOA and with it all negative answers. */
  #renew(): void {
    this.#version += 1
    this.#soa.writeUInt32BE(this.#serial, this.#soa.length - SERIAL_ON)
    this.#names.put(this.key, { ...named(NOTHING), sets: [...this.#apex, this.#soaSet(null, this.#ttl), ...this.#keySets] })
    this.#asking.soa = this.#negativeSoa()
    this.#nodata = this.#negative('nodata')
    this.#nxdomain = this.#negative('nxdomain')
  }

  #negative(kind: 'nodata' | 'nxdomain'): Said {
    return { kind, answers: [], authorities: [this.#asking.soa], additionals: [] }
  }

  /** RFC 2308 section 3: the SOA with the smaller of its own TTL and its minimum says how long to remember that there is nothing. */
  #negativeSoa(): Rrset {
    return this.#soaSet(this.key, this.denialTtl)
  }

  #soaSet(owner: string | null, ttl: number): Rrset {
    return { owner, type: TYPE.SOA, ttl, rdata: [Buffer.from(this.#soa)], wildcard: null }
  }
}

function named(records: NameRecords): Name {
  return { records, sets: null, answers: null, made: ALWAYS, isKept: records.sets !== undefined }
}
