// One recipe at a time for each site, in the order they came. Used by the server and by what happens by itself (exits, going cold).

import { setTimeout as delay } from 'node:timers/promises'

export class Queue {
  readonly #tails = new Map<string, Promise<unknown>>()
  readonly #waiting = new Map<string, number>()

  /** Runs `work` after everything queued for `name` before it, whether that failed or not. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#waiting.set(name, this.waiting(name) + 1)
    const before = this.#tails.get(name) ?? Promise.resolve()
    const mine = before.catch(() => {}).then(() => {
      this.#waiting.set(name, this.waiting(name) - 1)
      return work()
    })
    this.#tails.set(name, mine)
    void mine.catch(() => {}).then(() => this.#left(name, mine))
    return mine
  }

  #left(name: string, mine: Promise<unknown>): void {
    if (this.#tails.get(name) !== mine) return
    this.#tails.delete(name)
    this.#waiting.delete(name)
  }

  /** How many wait behind the one that runs: a stop need not be gentle when a wake waits for it. */
  waiting(name: string): number { return this.#waiting.get(name) ?? 0 }

  /** Resolves when all that is queued now has ended, or after `timeout` milliseconds. */
  async settled(timeout: number): Promise<void> {
    const stop = new AbortController()
    await Promise.race([Promise.allSettled(this.#tails.values()), delay(timeout, undefined, { signal: stop.signal }).catch(() => {})])
    stop.abort()
  }
}
