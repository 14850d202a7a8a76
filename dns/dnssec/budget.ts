// How many signatures a second are made for whom: a denial costs one for each name that is asked, and strangers can ask for any number of
// names (RFC 4470 section 5). Called by signer.ts.

/**
 * strangers: asked over UDP by a sender that may be forged; known: over TCP or with a cookie; zone: for what the zone holds, each once;
 * transfer: for secondaries, which have no limit.
 */
export type Purse = 'strangers' | 'known' | 'zone' | 'transfer'

/** Signatures a second; 500 are about 3 % of a processor. What the zone holds is bounded by its size as well, and is kept. */
const RATES: Record<Purse, number> = { strangers: 500, known: 500, zone: 2000, transfer: Infinity }

/** A token bucket of one second for each purse. `clock` in milliseconds. */
export class Budget {
  readonly #clock: () => number
  readonly #rates: Record<Purse, number>
  readonly #left: Record<Purse, { tokens: number; at: number }>

  constructor(clock: () => number = () => performance.now(), rates = RATES) {
    this.#clock = clock
    this.#rates = rates
    const full = (purse: Purse) => ({ tokens: rates[purse], at: clock() })
    this.#left = { strangers: full('strangers'), known: full('known'), zone: full('zone'), transfer: full('transfer') }
  }

  /** Whether one more may be made. */
  take(purse: Purse): boolean {
    if (purse === 'transfer') return true
    const left = this.#left[purse]
    const now = this.#clock()
    const rate = this.#rates[purse]
    left.tokens = Math.min(rate, left.tokens + (now - left.at) * rate / 1000)
    left.at = now
    if (left.tokens < 1) return false
    left.tokens -= 1
    return true
  }
}
