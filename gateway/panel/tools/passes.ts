// Who may use a site's tools: a ticket that works once, made on the panel, becomes a pass that a browser keeps on the tools' own host. Both are in memory
// alone; of each only a hash is kept. A pass is worth nothing any more once its owner is signed out of the panel. Used by door.ts and api/tools.ts.
import { createHash, randomBytes } from 'node:crypto'
import type { Proof } from '../parts.ts'
import type { Account } from '../../../registry/types.ts'

/** What a ticket or pass is for, and whose. `proof`, `secret`: of the request to the panel that it was made in. */
export type Holder = { site: string; account: Account; proof: Proof; secret: string | null }

type Kept = Holder & { until: number; end: number }

/** Milliseconds a ticket waits, a pass lives without being used, and in all. */
const TICKET = 60_000
const IDLE = 60 * 60_000
const LONGEST = 8 * 60 * 60_000
/** Tickets and passes kept at once; the oldest is forgotten beyond. */
const MOST = 10_000

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64')

export class Passes {
  readonly #tickets = new Map<string, Kept>()
  readonly #passes = new Map<string, Kept>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** A ticket for the site's tools. */
  ticket(holder: Holder): string {
    return this.#keep(this.#tickets, holder, TICKET)
  }

  /** The pass that a ticket is changed for; null for one that was used, is too old or is for another site. */
  redeem(ticket: string, site: string): string | null {
    const hash = hashOf(ticket)
    const kept = this.#tickets.get(hash)
    this.#tickets.delete(hash)
    if (kept === undefined || kept.until < this.#now() || kept.site !== site) return null
    const { account, proof, secret } = kept
    return this.#keep(this.#passes, { site, account, proof, secret }, LONGEST)
  }

  /** Whose pass it is, if it is one for this site; it lives on. */
  find(pass: string, site: string): Holder | null {
    const kept = this.#passes.get(hashOf(pass))
    if (kept === undefined || kept.site !== site || this.#isOver(kept)) return null
    kept.until = this.#now() + IDLE
    return kept
  }

  drop(pass: string): void { this.#passes.delete(hashOf(pass)) }

  /** The sites that somebody has tools of, or a ticket for; what is over is forgotten. */
  sites(): Set<string> {
    for (const all of [this.#tickets, this.#passes]) for (const [hash, kept] of all) if (this.#isOver(kept)) all.delete(hash)
    return new Set([...this.#tickets.values(), ...this.#passes.values()].map(kept => kept.site))
  }

  #isOver({ until, end }: Kept): boolean { return Math.min(until, end) < this.#now() }

  #keep(all: Map<string, Kept>, holder: Holder, longest: number): string {
    const text = randomBytes(24).toString('base64url')
    const now = this.#now()
    all.set(hashOf(text), { ...holder, until: now + Math.min(IDLE, longest), end: now + longest })
    const [oldest] = all.size > MOST ? all.keys() : []
    if (oldest !== undefined) all.delete(oldest)
    return text
  }
}
