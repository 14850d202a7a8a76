// Who waits for one wake: relays, for visitors who come and go, and whoever stays to the end. Kept by wakes.ts.
import { AubergeError } from '../../wire/error.ts'

/** Milliseconds a wake still waits for room when the last caller has left: a browser that is shown the waiting page asks again after 2 s. */
const GRACE = 6_000

export class Callers {
  readonly #relays = new Set<object>()
  readonly #leave = new AbortController()
  #stays = false
  #timer: NodeJS.Timeout | null = null

  /** Aborts when nobody has waited for some seconds. */
  get signal(): AbortSignal { return this.#leave.signal }

  /** `relay`: it will say when its visitors have left; null: somebody who waits to the end. */
  add(relay: object | null): void {
    if (relay) this.#relays.add(relay)
    else this.#stays = true
    this.stop()
  }

  left(relay: object): void {
    if (!this.#relays.delete(relay) || this.#relays.size > 0 || this.#stays) return
    this.#timer = setTimeout(() => this.#leave.abort(new AubergeError('timeout', 'nobody waits for it any more')), GRACE)
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}
