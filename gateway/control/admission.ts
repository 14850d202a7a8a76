// Whether there is memory for a wake: before the budget would be exceeded, sites that nobody uses are put to sleep, and where there are none, the wake
// waits. Asked by wakes.ts for every wake; made by assemble.ts. Whom it puts to sleep: yield.ts and docs/decisions/14.
import { setTimeout as pause } from 'node:timers/promises'
import { inUse, usedAt } from './idleness.ts'
import type { Parts } from './parts.ts'
import type { Sleeps } from './sleeps.ts'
import type { SiteStatus } from './states.ts'
import { Waiting, type Waiter } from './waiting.ts'
import { enough, inOrder, type Shares, type Sleeper } from './yield.ts'

/** The part of the budget up to which the last measurement is good enough: pods grow in between. */
const NEAR = 0.75
/** The part of the budget that one account can have with several sites, where other accounts have sites too. */
const MOST = 0.9
/** Milliseconds after which it is tried again to put a site to sleep that turned out to be in use. */
const AGAIN = 1_000
/** Wakes for which room is made at once. */
const TOGETHER = 8
/** Milliseconds after which it is looked again whether somebody can be put to sleep. */
const LOOK = 250

type AdmissionParts = Pick<Parts, 'house' | 'registry' | 'states' | 'activity' | 'guests' | 'turns' | 'memory' | 'log'> & { sleeps: Sleeps }

export class Admission {
  readonly #parts: AdmissionParts
  readonly #waiting = new Waiting()
  readonly #yielding = new Set<string>()
  #state: 'calm' | 'looking' = 'calm'

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** What the database server leaves of it. */
  get #budget(): number { return Math.max(0, this.#parts.house.memoryBudget - this.#parts.memory.ofDatabase) }

  /** Wakes that wait for room. */
  get waiting(): number { return this.#waiting.size }

  /**
   * Resolves when the site of the account `owner` may wake; what is expected of it counts as held from then on. `no_room` where none could be made in
   * time, or too many wait; rejects with the signal's reason when that aborts.
   */
  async enter(name: string, owner: number, signal: AbortSignal): Promise<void> {
    const { memory } = this.#parts
    // Made ready for a restart: nothing of it runs.
    if (this.#parts.states.get(name)?.state === 'waking') memory.release(name)
    const bytes = this.#needs(name)
    const isAmple = this.#waiting.size === 0 && memory.ofSites + bytes <= NEAR * this.#budget
    if (bytes === 0 || isAmple) return memory.reserve(name, owner, bytes)
    const admitted = this.#waiting.wait({ name, owner, bytes }, signal)
    void this.#look()
    await admitted
  }

  /** Bytes a site will hold beyond what it does. A frozen one has all it had; one that is being put to sleep will have nothing. */
  #needs(name: string): number {
    if (this.#parts.states.get(name)?.state === 'frozen') return 0
    return Math.min(this.#parts.memory.expected(name), this.#parts.house.memoryBudget)
  }

  /** Measures, and puts to sleep whom it can until the rest fits: pods grow. */
  async relieve(): Promise<void> {
    const { memory, log } = this.#parts
    await memory.measure()
    const over = memory.ofSites - this.#budget
    const chosen = enough(inOrder(this.#sleepers(), this.#shares(), this.#budget, null), over)
    if (over > 0 && chosen.length === 0) log.warn({ held: memory.ofSites, budget: this.#budget, database: memory.ofDatabase }, 'sites in use hold more than the memory budget')
    await this.#putToSleep(chosen)
  }

  /** Lets in who fits and makes room for the next, until nobody waits. */
  async #look(): Promise<void> {
    if (this.#state === 'looking') return
    this.#state = 'looking'
    while (this.#waiting.size > 0) {
      await this.#round().catch((error: unknown) => { this.#parts.log.error({ err: error }, 'no room could be made for a wake: trying again') })
      if (this.#waiting.size > 0) await pause(LOOK)
    }
    this.#state = 'calm'
  }

  /** Goes on without a pause for as long as somebody gives way. */
  async #round(): Promise<void> {
    do {
      await this.#parts.memory.measure()
      this.#letIn()
    } while (await this.#putToSleep(this.#chosen()))
  }

  /** In order: who comes next is not overtaken by somebody smaller, unless it waits for sites of its own account. */
  #letIn(): void {
    const { memory } = this.#parts
    for (const { name, owner, bytes, admit } of this.#next()) {
      if (this.#beyond(owner, bytes) > 0) continue
      if (memory.ofSites + bytes > this.#budget && memory.ofSites > memory.of(name)) return
      memory.reserve(name, owner, bytes)
      admit()
    }
  }

  /** Who gives way to those that are next. */
  #chosen(): Sleeper[] {
    const { memory } = this.#parts
    const chosen = new Set<Sleeper>()
    const sleepers = this.#sleepers()
    let spare = this.#budget - memory.ofSites
    for (const waiter of this.#next().slice(0, TOGETHER)) {
      const own = this.#beyond(waiter.owner, waiter.bytes)
      spare -= waiter.bytes
      const may = sleepers.filter(one => !chosen.has(one) && (own <= 0 || one.owner === waiter.owner))
      for (const one of enough(inOrder(may, this.#shares(waiter), this.#budget, waiter.owner), Math.max(own, -spare))) {
        chosen.add(one)
        spare += one.bytes
      }
    }
    return [...chosen]
  }

  /** Whether any of them went to sleep. */
  async #putToSleep(sleepers: Sleeper[]): Promise<boolean> {
    return (await Promise.all(sleepers.map(({ name }) => this.#yield(name)))).some(Boolean)
  }

  async #yield(name: string): Promise<boolean> {
    this.#yielding.add(name)
    try {
      const asleep = await this.#parts.sleeps.try(name, 'asleep')
      if (asleep) this.#letIn()
      return asleep
    } catch (error) {
      this.#parts.log.error({ err: error, site: name }, 'a site could not be put to sleep to make room')
      return false
    } finally {
      this.#yielding.delete(name)
    }
  }

  #next(): Waiter[] {
    const shares = this.#shares()
    return this.#waiting.inOrder(owner => shares.get(owner) ?? 0)
  }

  /** Bytes by which an account would have more than one account can. One site alone may have all. */
  #beyond(owner: number, bytes: number): number {
    const held = this.#shares().get(owner) ?? 0
    return held === 0 || !this.#parts.registry.reservations.isShared() ? 0 : held + bytes - MOST * this.#budget
  }

  #shares(wanting: Waiter | null = null): Shares {
    const shares = this.#parts.memory.byOwner()
    return wanting ? shares.set(wanting.owner, (shares.get(wanting.owner) ?? 0) + wanting.bytes) : shares
  }

  #sleepers(): Sleeper[] {
    return this.#parts.memory.holders().flatMap(({ name, owner, bytes }) => {
      const status = this.#parts.states.get(name)
      if (!status || this.#parts.turns.busy(name) || this.#yielding.has(name) || !this.#isIdle(status)) return []
      return [{ name, owner, bytes, state: status.state === 'frozen' ? 'frozen' : 'running', usedAt: usedAt(this.#parts, status) }]
    })
  }

  #isIdle(status: SiteStatus): boolean {
    if (status.state === 'frozen') return this.#parts.activity.ofAll(this.#parts.states.hosts(status.name)).inFlight === 0
    return status.state === 'running' && !inUse(this.#parts, status.name) && Date.now() - this.#parts.sleeps.calledOffAt(status.name) >= AGAIN
  }
}
