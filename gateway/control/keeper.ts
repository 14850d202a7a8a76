// Keeps control and the provisioner in agreement: when control starts, when the provisioner comes back, and every half minute.
import { setTimeout as pause } from 'node:timers/promises'
import type { Parts } from './parts.ts'
import { isAway } from './patience.ts'
import { reconcile } from './reconcile.ts'

/** Milliseconds between two looks, and between two tries while the provisioner is away. */
const PERIOD = 30_000
const RETRY = 500

export class Keeper {
  readonly #parts: Parts
  readonly #stop = new AbortController()
  readonly #arrived = Promise.withResolvers<void>()
  #connected = false
  #looking: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Whether the provisioner answered when it was last asked. */
  get connected(): boolean { return this.#connected }

  /** Resolves when the provisioner has answered for the first time. */
  arrived(): Promise<void> { return this.#arrived.promise }

  /** Looks until `stop`; resolves after the first look that succeeded, or `most` milliseconds. */
  async start(most: number): Promise<void> {
    const first = this.#look()
    this.#looking = first.then(() => this.#keep())
    await Promise.race([first, pause(most, undefined, { ref: false })])
  }

  /** Resolves when no look is under way. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#looking
  }

  async #keep(): Promise<void> {
    while (await this.#rest(PERIOD)) await this.#look()
  }

  /** Tries until the provisioner answers. */
  async #look(): Promise<void> {
    do {
      try {
        await reconcile(this.#parts)
        this.#connected = true
        this.#arrived.resolve()
        return
      } catch (error) {
        if (this.#connected || !isAway(error)) this.#parts.log.error({ err: error }, 'the provisioner could not be asked what it has')
        this.#connected = false
      }
    } while (await this.#rest(RETRY))
  }

  /** False when it is time to stop. */
  #rest(ms: number): Promise<boolean> {
    return pause(ms, true, { signal: this.#stop.signal }).catch(() => false)
  }
}
