// Response rate limiting: a forged sender must not get more out of us than a little. Called by respond.ts for UDP answers to senders
// that showed no cookie. Per network (/24 or /56) and answer, as BIND and Knot count.
import { randomInt } from 'node:crypto'
import { writeAddress } from './address.ts'
import { UDP_MOST } from './codes.ts'

/** `slip`: answer with TC and nothing else, so that an honest client behind the network comes back over TCP. */
export type Verdict = 'pass' | 'slip' | 'drop'

/** Buckets in the table (20 bytes each) and how many places each may be in. */
const BUCKETS = 2 ** 16
const WAYS = 4

/** Answers a second that one network gets of one kind before it is limited; every second one beyond is a slip. */
export const RATE = 200
const SLIP = 2

/** What all bytes beyond the questions are counted as. */
const GAINED = hash('\x06gained\0', 65535)

/** A table of token buckets of fixed size; the bucket that was used longest ago makes room. `clock` in milliseconds. */
export class Limit {
  readonly #rate: number
  readonly #clock: () => number
  readonly #seed = randomInt(2 ** 32)
  readonly #tags = new Uint32Array(BUCKETS)
  readonly #tokens = new Float64Array(BUCKETS)
  readonly #stamps = new Float64Array(BUCKETS)
  readonly #address = new Uint8Array(16)
  #limited = 0

  constructor(rate: number = RATE, clock: () => number = () => performance.now()) {
    this.#rate = rate
    this.#clock = clock
  }

  /** Counts an answer of the kind `what` (a hash of its own, see `hash`) to `address`. */
  take(address: string, what: number): Verdict { return this.#spend(address, what, { rate: this.#rate, cost: 1 }) }

  /** Counts the bytes that an answer of whatever kind has beyond its question: names are many, and an owner decides how long their answers are. */
  gain(address: string, bytes: number): Verdict { return this.#spend(address, GAINED, { rate: this.#rate * UDP_MOST, cost: Math.max(0, bytes) }) }

  /** A bucket that holds what a second brings; the last that is taken out of it may be more than is left. */
  #spend(address: string, what: number, { rate, cost }: { rate: number; cost: number }): Verdict {
    const tag = this.#tag(address, what)
    const now = this.#clock()
    const at = this.#bucket(tag)
    const fresh = this.#tags[at] !== tag
    const gained = fresh ? rate : (now - (this.#stamps[at] ?? 0)) * rate / 1000
    const tokens = Math.min(rate, (fresh ? 0 : this.#tokens[at] ?? 0) + gained)
    this.#tags[at] = tag
    this.#stamps[at] = now
    this.#tokens[at] = tokens < 1 ? tokens : tokens - cost
    if (tokens >= 1) return 'pass'
    this.#limited += 1
    return this.#limited % SLIP === 0 ? 'slip' : 'drop'
  }

  #tag(address: string, what: number): number {
    const network = writeAddress(address, this.#address) === 4 ? 3 : 7
    let tag = (this.#seed ^ what) >>> 0
    for (let n = 0; n < network; n += 1) tag = Math.imul(tag ^ (this.#address[n] ?? 0), 16777619)
    return mix(tag ^ network)
  }

  /** Where the tag is, or else the least recently used of its places. */
  #bucket(tag: number): number {
    const first = (tag % (BUCKETS / WAYS)) * WAYS
    let oldest = first
    for (let at = first; at < first + WAYS; at += 1) {
      if (this.#tags[at] === tag) return at
      if ((this.#stamps[at] ?? 0) < (this.#stamps[oldest] ?? 0)) oldest = at
    }
    return oldest
  }
}

/** A 32-bit number of a name and a type (FNV-1a), for `take`. */
export function hash(name: string, type: number): number {
  let sum = 2166136261 ^ type
  for (let n = 0; n < name.length; n += 1) sum = Math.imul(sum ^ name.charCodeAt(n), 16777619)
  return sum >>> 0
}

function mix(tag: number): number {
  let sum = tag
  sum = Math.imul(sum ^ sum >>> 16, 0x85ebca6b)
  sum = Math.imul(sum ^ sum >>> 13, 0xc2b2ae35)
  return (sum ^ sum >>> 16) >>> 0 || 1
}
