// The memory budget: when pods together hold more than it, those that were used longest ago give theirs back. Timed by assemble.ts.
import type { Parts } from './parts.ts'
import { pods } from './parts.ts'
import type { Sleeps } from './sleeps.ts'
import type { SiteStatus } from './states.ts'

/** Milliseconds a running site has to have been idle to be stopped for its memory. */
const IDLE = 10_000

type PressureParts = Pick<Parts, 'house' | 'provisioner' | 'states' | 'activity' | 'log'> & { sleeps: Sleeps }
type Holding = { status: SiteStatus; memory: number }

export class Pressure {
  readonly #parts: PressureParts
  #state: 'within' | 'over' = 'within'

  constructor(parts: PressureParts) {
    this.#parts = parts
  }

  /** Measures what pods hold and puts frozen ones to sleep, then idle running ones, least recently used first, until the rest fits. */
  async relieve(): Promise<void> {
    const { house, sleeps } = this.#parts
    const holdings = await this.#measure()
    let held = holdings.reduce((sum, one) => sum + one.memory, 0)
    for (const { status, memory } of this.#candidates(holdings)) {
      if (held <= house.memoryBudget) break
      if (await sleeps.try(status.name, 'asleep')) held -= memory
    }
    this.#say(held)
  }

  /** One after the other: it is asked every few seconds and nobody waits for it. */
  async #measure(): Promise<Holding[]> {
    const holdings: Holding[] = []
    for (const status of this.#parts.states.list()) {
      if (status.state !== 'running' && status.state !== 'frozen') continue
      const usage = await pods(this.#parts).usage(status.name).catch(() => null)
      if (usage) holdings.push({ status, memory: usage.memory })
    }
    return holdings
  }

  #candidates(holdings: Holding[]): Holding[] {
    const oldest = (a: Holding, b: Holding): number => this.#lastUse(a.status) - this.#lastUse(b.status)
    const frozen = holdings.filter(one => one.status.state === 'frozen').sort(oldest)
    const idle = holdings.filter(one => one.status.state === 'running' && this.#parts.sleeps.idleFor(one.status) > IDLE).sort(oldest)
    return [...frozen, ...idle]
  }

  #lastUse(status: SiteStatus): number {
    return this.#parts.activity.of(this.#parts.states.host(status.name)).lastRequestAt ?? status.since
  }

  /** Once, when it begins: what is left over is in use. */
  #say(held: number): void {
    const state = held > this.#parts.house.memoryBudget ? 'over' : 'within'
    if (state === 'over' && this.#state === 'within') {
      this.#parts.log.warn({ held, budget: this.#parts.house.memoryBudget }, 'sites in use hold more than the memory budget')
    }
    this.#state = state
  }
}
