// Signs record sets with the zone's keys and remembers the signatures. Called by answers.ts for answers and by transfers for whole zones.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { ZoneKeys } from '../../registry/keyring.ts'
import { dnskeyData, keyTag } from '../../wire/dnskey.ts'
import { TYPE } from '../codes.ts'
import { hash } from '../limit.ts'
import { Budget, type Purse } from './budget.ts'
import { Kept } from './kept.ts'
import { rrsigData, type Signable } from './rrsig.ts'

const HOUR = 3600
const DAY = 24 * HOUR
/** Seconds that a signature is valid before it is made: for resolvers whose clocks are slow. */
const SKEW = HOUR
/** Seconds that it is valid after, and at most a day more, so that not all end at once. A secondary keeps a zone for 14 days without us (its SOA's expire). */
const VALID = 21 * DAY
const JITTER = DAY
/** Seconds after which another is made, and at most half a day less: 18 days are left of the old one. */
const RENEWED = 3 * DAY

/** Signatures of what the zone holds, and of denials, which strangers ask for; a signature is about 400 bytes. Twice as many are kept at most. */
const MOST_RECORDS = 2 ** 16
const MOST_DENIALS = 2 ** 13

/** `data`: of RRSIG records. `renew`: milliseconds since 1970. */
type Made = { data: Buffer[]; renew: number }
type Hand = { key: KeyObject; tag: number }

/** Types that every key signs: what a resolver with either DS, old or new, must be able to check (RFC 7344 section 4.1). */
const KEY_SETS: ReadonlySet<number> = new Set([TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY])

export class Signer {
  /** The zone's name in wire form. */
  readonly zone: string
  readonly #all: Hand[]
  readonly #data: Hand[]
  readonly #budget: Budget
  readonly #clock: () => number
  readonly #records = new Kept<Made>(MOST_RECORDS)
  readonly #denials = new Kept<Made>(MOST_DENIALS)

  constructor(zone: string, { keys }: ZoneKeys, { budget = new Budget(), clock = Date.now }: { budget?: Budget; clock?: () => number } = {}) {
    this.zone = zone
    const hands = keys.map(({ publicKey, privateKey, signs }) => ({ signs, tag: keyTag(dnskeyData(Buffer.from(publicKey, 'base64'))), key: keyOf(privateKey) }))
    this.#all = hands
    this.#data = hands.filter(({ signs }) => signs === 'all')
    this.#budget = budget
    this.#clock = clock
  }

  /** The data of the RRSIGs of `set`; null where `purse` has no signature left for this second. */
  sign(set: Signable, purse: Purse): Buffer[] | null {
    const kept = purse === 'zone' || purse === 'transfer' ? this.#records : this.#denials
    const id = idOf(set)
    const now = this.#clock()
    const made = kept.get(id)
    if (made !== undefined && now < made.renew) return made.data
    if (!this.#budget.take(purse)) return made !== undefined && now < made.renew + DAY * 1000 ? made.data : null
    const fresh = this.#make(set, hash(id, 0), Math.floor(now / 1000))
    kept.set(id, fresh)
    return fresh.data
  }

  #make(set: Signable, spread: number, now: number): Made {
    const hands = KEY_SETS.has(set.type) ? this.#all : this.#data
    const times = { inception: now - SKEW, expiration: now + VALID + spread % JITTER }
    const data = hands.map(({ key, tag }) => rrsigData(set, { tag, signer: this.zone, ...times }, key))
    return { data, renew: (now + RENEWED - spread % (DAY / 2)) * 1000 }
  }
}

function keyOf(privateKey: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
}

/** All that is signed, so that a signature that is found is of the very same records. */
function idOf({ owner, type, ttl, data }: Signable): string {
  return `${type} ${ttl} ${owner}${data.map(one => `${one.length} ${one.toString('latin1')}`).join('')}`
}
