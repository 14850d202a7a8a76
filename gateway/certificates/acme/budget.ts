// How many certificates may be ordered in a day: by one account of the house, and by all. Kept on disk, so that a restart gives nothing back. Called by schedule.ts.
import { keep, kept } from '../files.ts'

/** Orders of a day. Public authorities allow a few hundred in some hours for a whole house. */
export type Bounds = { account: number; all: number }
export const BOUNDS: Bounds = { account: 20, all: 250 }

type Counted = { day: string; all: number; accounts: Record<string, number> }
const DAY = 24 * 3600 * 1000

export class Budget {
  readonly #file: string
  readonly #bounds: Bounds
  #counted: Counted

  private constructor(file: string, bounds: Bounds, counted: Counted) {
    this.#file = file
    this.#bounds = bounds
    this.#counted = counted
  }

  static async open(file: string, bounds: Bounds): Promise<Budget> {
    const found = await kept<Counted>(file)
    return new Budget(file, bounds, { day: String(found?.day ?? ''), all: Number(found?.all) || 0, accounts: found?.accounts ?? {} })
  }

  /** Counts an order for `account` at `now` and is null; or when the next may be made, counting nothing. */
  take(account: number, now: number): { done: Promise<void> } | { refusedUntil: number } {
    const day = new Date(now).toISOString().slice(0, 10)
    if (day !== this.#counted.day) this.#counted = { day, all: 0, accounts: {} }
    const own = this.#counted.accounts[account] ?? 0
    if (own >= this.#bounds.account || this.#counted.all >= this.#bounds.all) return { refusedUntil: Date.parse(day) + DAY }
    this.#counted = { day, all: this.#counted.all + 1, accounts: { ...this.#counted.accounts, [account]: own + 1 } }
    return { done: keep(this.#file, this.#counted) }
  }
}
