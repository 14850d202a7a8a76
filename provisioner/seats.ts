// How many commands and readers of a log one site may have at once: each costs the house a process or a timer that no limit of the pod covers.
// Used by log.ts and the workshop.
import { AubergeError } from '../wire/error.ts'
import { once } from '../wire/once.ts'

export class Seats {
  readonly #most: number
  readonly #what: string
  readonly #taken = new Map<string, number>()

  /** `what`, as in "16 commands". */
  constructor(most: number, what: string) {
    this.#most = most
    this.#what = what
  }

  /** Takes one and returns what gives it back, once however often it is called. `rate_limited` where none is left. */
  take(data: string, site: string): () => void {
    const key = `${data}\0${site}`
    const taken = this.#taken.get(key) ?? 0
    if (taken >= this.#most) throw new AubergeError('rate_limited', `${this.#most} ${this.#what} of ${site} are under way; end one, or wait until one has ended`)
    this.#taken.set(key, taken + 1)
    return once(() => this.#leave(key))
  }

  #leave(key: string): void {
    const taken = (this.#taken.get(key) ?? 1) - 1
    if (taken === 0) this.#taken.delete(key)
    else this.#taken.set(key, taken)
  }
}
