// Signed messages (TSIG, RFC 8945, HMAC-SHA256 alone): reads the signature of a query, checks it, signs what is answered. Called by
// parse.ts for the record's form, by respond.ts for queries and answers, by notify.ts for what we ask.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { TsigKey } from '../wire/house.ts'
import { expandName, keyOf } from './name.ts'

/** A shared secret; `name` in wire form, lower case. */
export type Key = { name: string; secret: Buffer }

/** A key as the briefing has it. */
export function keyFrom({ name, secret }: TsigKey): Key {
  return { name: keyOf(name), secret: Buffer.from(secret, 'base64') }
}

/** The TSIG record of a message, which begins at byte `at`. Names in wire form, lower case; `time` in seconds. */
export type Tsig = { at: number; name: string; algorithm: string; time: number; fudge: number; mac: Buffer; id: number; error: number; other: Buffer }

/** TSIG's own errors (RFC 8945 section 3); 0 is none. */
export const TSIG_ERROR = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const
export type TsigError = (typeof TSIG_ERROR)[keyof typeof TSIG_ERROR]

const ALGORITHM = keyOf('hmac-sha256')
const MAC = 32
/** Seconds between two clocks (RFC 8945 section 10). */
const FUDGE = 300
/** Bytes of a TSIG record besides its names, MAC and other data; RDATA's before and after the MAC. */
const FIXED = 26

/** The TSIG record at `at`, whose fixed part is at `fixed` and which ends at `end`; null if it is malformed (RFC 8945 sections 4.2 and 5.2.2.1). */
export function readTsig(wire: Buffer, at: number, fixed: number, end: number): Tsig | null {
  const name = expandName(wire, at)
  const algorithm = expandName(wire, fixed + 10, end)
  if (name === null || algorithm === null) return null
  if (wire.readUInt16BE(fixed + 2) !== 255 || wire.readUInt32BE(fixed + 4) !== 0) return null
  const from = fixed + 10 + algorithm.length
  // A compressed algorithm is not allowed (RFC 8945 section 4.2): then this isn't where it ends.
  if (from + 16 > end || wire.toString('latin1', fixed + 10, from).toLowerCase() !== algorithm.toLowerCase()) return null
  const macEnd = from + 10 + wire.readUInt16BE(from + 8)
  if (macEnd + 6 > end || macEnd + 6 + wire.readUInt16BE(macEnd + 4) !== end) return null
  const mac = wire.subarray(from + 10, macEnd)
  if (mac.length > MAC || (mac.length < MAC / 2 && mac.length > 0)) return null
  const [id, error] = [wire.readUInt16BE(macEnd), wire.readUInt16BE(macEnd + 2)]
  return { at, name, algorithm, time: wire.readUIntBE(from, 6), fudge: wire.readUInt16BE(from + 6), mac, id, error, other: wire.subarray(macEnd + 6, end) }
}

/** The keys of the house, by name. `clock` in milliseconds. */
export class Keys {
  readonly #keys: Map<string, Key>
  readonly #clock: () => number

  constructor(keys: readonly Key[] = [], clock: () => number = Date.now) {
    this.#keys = new Map(keys.map(key => [key.name, key]))
    this.#clock = clock
  }

  /** Checks the signature of a query (RFC 8945 section 5.2): key, then MAC, then time, then length of the MAC. Says how its answers are signed. */
  check(wire: Buffer, tsig: Tsig): Signing {
    const key = tsig.algorithm === ALGORITHM ? this.#keys.get(tsig.name) ?? null : null
    const refused = (error: TsigError, by: Key | null): Signing => new Signing({ key: by, name: tsig.name, algorithm: tsig.algorithm, asked: tsig, error, clock: this.#clock })
    if (key === null) return refused(TSIG_ERROR.BADKEY, null)
    if (!isSignedBy(key, wire, tsig)) return refused(TSIG_ERROR.BADSIG, null)
    if (Math.abs(Math.floor(this.#clock() / 1000) - tsig.time) > tsig.fudge) return refused(TSIG_ERROR.BADTIME, key)
    return refused(tsig.mac.length < MAC ? TSIG_ERROR.BADTRUNC : TSIG_ERROR.NONE, key)
  }
}

/** Whether `key` made the signature, in constant time. `before`: the MAC of the query that `wire` answers. */
export function isSignedBy(key: Key, wire: Buffer, tsig: Tsig, before: Buffer | null = null): boolean {
  if (tsig.mac.length < MAC / 2) return false
  const mac = digest(key, [...lengthThen(before), unsigned(wire, tsig), variables(tsig)])
  return timingSafeEqual(mac.subarray(0, tsig.mac.length), tsig.mac)
}

/** The message as it was before it was signed (RFC 8945 section 4.3.2): its own id, and one additional record less. */
function unsigned(wire: Buffer, tsig: Tsig): Buffer {
  const message = Buffer.from(wire.subarray(0, tsig.at))
  message.writeUInt16BE(tsig.id, 0)
  message.writeUInt16BE(message.readUInt16BE(10) - 1, 10)
  return message
}

type Signed = { key: Key | null; name: string; algorithm: string; asked: Tsig | null; error: TsigError; clock: () => number }

/** Signs the messages of one answer, each bound to the one before (RFC 8945 section 5.3.1), or of one question. */
export class Signing {
  readonly error: TsigError
  /** Wire name of the key whose holder asked; null where that wasn't shown. */
  readonly holder: string | null
  readonly #signed: Signed
  #before: Buffer | null
  #message: 'first' | 'further' = 'first'

  constructor(signed: Signed) {
    this.#signed = signed
    this.error = signed.error
    this.holder = signed.error === TSIG_ERROR.NONE ? signed.key?.name ?? null : null
    this.#before = signed.asked?.mac ?? null
  }

  /** How a question of ours is signed. */
  static question(key: Key, clock: () => number = Date.now): Signing {
    return new Signing({ key, name: key.name, algorithm: ALGORITHM, asked: null, error: TSIG_ERROR.NONE, clock })
  }

  /** The last MAC that was made: an answer's signature covers its question's. */
  get mac(): Buffer | null { return this.#before }

  /** Bytes that a signature adds. */
  get room(): number {
    const { key, name, algorithm, error } = this.#signed
    return name.length + algorithm.length + FIXED + (key === null ? 0 : MAC) + (error === TSIG_ERROR.BADTIME ? 6 : 0)
  }

  /** `message` with its signature; without a MAC where the query's key or signature was wrong (RFC 8945 section 5.3.2). */
  sign(message: Buffer): Buffer {
    const tsig = this.#record(message)
    if (this.#signed.key !== null) tsig.mac = this.#made(this.#signed.key, message, tsig)
    this.#before = tsig.mac
    this.#message = 'further'
    const signed = Buffer.concat([message, recordOf(tsig)])
    signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10)
    return signed
  }

  #record(message: Buffer): Tsig {
    const { name, algorithm, asked, error, clock } = this.#signed
    const now = Math.floor(clock() / 1000)
    // An answer to a wrong time or signature has the query's own time; the server's is in the other data (section 5.2.3).
    const time = error === TSIG_ERROR.NONE ? now : asked?.time ?? now
    const other = Buffer.alloc(error === TSIG_ERROR.BADTIME ? 6 : 0)
    if (other.length > 0) other.writeUIntBE(now, 0, 6)
    return { at: message.length, name, algorithm, time, fudge: FUDGE, mac: Buffer.alloc(0), id: message.readUInt16BE(0), error, other }
  }

  #made(key: Key, message: Buffer, tsig: Tsig): Buffer {
    const after = this.#message === 'first' ? variables(tsig) : timers(tsig)
    return digest(key, [...lengthThen(this.#before), message, after])
  }
}

function digest(key: Key, parts: Buffer[]): Buffer {
  const hmac = createHmac('sha256', key.secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** The MAC that a signature follows, with its length (RFC 8945 section 4.3.1); nothing where it follows none. */
function lengthThen(mac: Buffer | null): Buffer[] {
  if (mac === null) return []
  const length = Buffer.alloc(2)
  length.writeUInt16BE(mac.length)
  return [length, mac]
}

/** What of the record is signed (RFC 8945 section 4.3.3). */
function variables(tsig: Tsig): Buffer {
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(tsig.error, 0)
  tail.writeUInt16BE(tsig.other.length, 2)
  return Buffer.concat([Buffer.from(tsig.name, 'latin1'), ANY_FOREVER, Buffer.from(tsig.algorithm, 'latin1'), timers(tsig), tail, tsig.other])
}

/** Class ANY, TTL 0. */
const ANY_FOREVER = Buffer.from('00ff00000000', 'hex')

function timers({ time, fudge }: Tsig): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUIntBE(time, 0, 6)
  bytes.writeUInt16BE(fudge, 6)
  return bytes
}

function recordOf(tsig: Tsig): Buffer {
  const size = tsig.algorithm.length + 16 + tsig.mac.length + tsig.other.length
  const fixed = Buffer.from('00fa00ff000000000000', 'hex')
  fixed.writeUInt16BE(size, 8)
  const [length, tail] = [Buffer.alloc(2), Buffer.alloc(6)]
  length.writeUInt16BE(tsig.mac.length)
  tail.writeUInt16BE(tsig.id, 0)
  tail.writeUInt16BE(tsig.error, 2)
  tail.writeUInt16BE(tsig.other.length, 4)
  return Buffer.concat([Buffer.from(tsig.name, 'latin1'), fixed, Buffer.from(tsig.algorithm, 'latin1'), timers(tsig), length, tsig.mac, tail, tsig.other])
}
