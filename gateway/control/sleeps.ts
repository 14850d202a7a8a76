// Putting to sleep, in two phases, what nobody has asked for in a while. Asked by its own timer, by the desk and by admission.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { AubergeError } from '../../wire/error.ts'
import { idleFor } from './idleness.ts'
import { pods, type Parts } from './parts.ts'
import { patiently } from './patience.ts'
import { found, type SiteStatus } from './states.ts'

/** Milliseconds an owner's sleep waits for requests in flight to end. */
const DRAIN = 5_000
/** Milliseconds for which new requests are held while those in flight end, before a restart. A visitor waits no longer than for a slow page. */
const HELD = 10_000
/** Milliseconds between two looks at requests that are in flight. */
const LOOK = 200
/** Milliseconds between two looks for idle sites, at most. */
const ROUND = 1_000

type SleepTier = 'frozen' | 'asleep'
type SleepParts = Pick<Parts, 'house' | 'provisioner' | 'states' | 'turns' | 'relays' | 'activity' | 'guests' | 'log'> & { isWanted: (name: string) => boolean }

export class Sleeps {
  readonly #parts: SleepParts
  /** When a sleep was last called off: it is not tried again at once. */
  readonly #calledOff = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(parts: SleepParts) {
    this.#parts = parts
  }

  /** Looks for idle sites until `stop`. */
  start(): void {
    const { idle } = this.#parts.house
    this.#timer = setInterval(() => this.#round(), Math.max(20, Math.min(ROUND, idle / 4)))
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  /**
   * Puts the site to sleep when nobody uses it: waits some seconds for requests in flight, then `conflict`.
   * With `force` (a suspension) requests that take longer are cut off.
   */
  async sleep(name: string, tier: SleepTier, options: { force?: boolean } = {}): Promise<void> {
    const deadline = Date.now() + DRAIN
    while (!await this.#parts.turns.run(name, () => this.#sleep(name, tier, options.force === true && Date.now() >= deadline))) {
      if (Date.now() >= deadline && !options.force) {
        throw new AubergeError('conflict', `${name} is answering requests, or a command runs in it: try again when they have ended`)
      }
      await pause(LOOK)
    }
  }

  /**
   * The first half of a restart: new requests are held until the pod is there again. Those in flight end first; where they take longer than some seconds,
   * they are cut off with `force`, else it is called off (`conflict`). The site counts as waking from then on: whoever asks for this wakes it.
   */
  async drain(name: string, { force = false } = {}): Promise<void> {
    if (await this.#parts.turns.run(name, () => this.#sleep(name, 'asleep', force, HELD))) return
    throw new AubergeError('conflict', `${name} is answering long requests (downloads, event streams, WebSockets), or a command runs in it: try again when they have ended`)
  }

  /** Makes what sleeps ready anew, of today's image and settings, so that its next wake is a quick one. What doesn't sleep is left alone. */
  async remake(name: string): Promise<void> {
    await this.#parts.turns.run(name, async () => {
      const state = this.#parts.states.get(name)?.state
      if (state !== 'frozen' && state !== 'asleep') return
      this.#parts.states.change(name, { state: 'sleeping' })
      await this.#putDown(name, 'asleep', 'asleep')
    })
  }

  /** One try, from idle time or need of memory: false where the site turned out to be in use. */
  async try(name: string, tier: SleepTier): Promise<boolean> {
    const asleep = await this.#parts.turns.run(name, () => this.#sleep(name, tier, false))
    if (!asleep) this.#calledOff.set(name, Date.now())
    return asleep
  }

  /** When a sleep of the site was last called off, epoch milliseconds; 0 where none was. */
  calledOffAt(name: string): number { return this.#calledOff.get(name) ?? 0 }

  #round(): void {
    for (const name of this.#calledOff.keys()) {
      if (this.#parts.states.get(name)?.state !== 'running') this.#calledOff.delete(name)
    }
    if (!this.#allRelays()) return
    for (const status of this.#parts.states.list()) {
      if (status.state !== 'running' || this.#parts.turns.busy(status.name)) continue
      if (idleFor(this.#parts, status, this.calledOffAt(status.name)) >= this.#parts.house.idle) this.#fallAsleep(status.name)
    }
  }

  /** A relay that is about to reconnect may have requests in flight that nobody here knows of. */
  #allRelays(): boolean {
    const { http, workers } = this.#parts.house
    return http.length === 0 || this.#parts.relays.connected >= workers
  }

  #fallAsleep(name: string): void {
    this.try(name, 'frozen').catch((error: unknown) => {
      this.#calledOff.set(name, Date.now())
      this.#parts.log.error({ err: error, site: name }, 'an idle site could not be put to sleep')
    })
  }

  /** True when the site sleeps (or is gone); false when it was called off. Runs in the site's turn. */
  async #sleep(name: string, tier: SleepTier, cutOff: boolean, held = 0): Promise<boolean> {
    const status = this.#parts.states.get(name)
    if (!status || !canSleep(status, tier)) return true
    if (status.state === 'running' && !(await this.#close(name, held) && this.#parts.guests.count(name) === 0) && !cutOff) {
      this.#parts.states.repeat(name)
      return false
    }
    this.#parts.states.change(name, { state: held > 0 ? 'waking' : 'sleeping' })
    await this.#putDown(name, tier, held > 0 ? 'waking' : tier)
    return true
  }

  /** The first phase: true when every relay has closed the site and nobody came meanwhile. */
  async #close(name: string, held: number): Promise<boolean> {
    const inFlight = await this.#parts.relays.closing(name, held)
    return inFlight === 0 && (held > 0 || !this.#parts.isWanted(name))
  }

  /** The second phase. Where it fails, requests wake the site as if it had worked: a wake puts anything right. */
  async #putDown(name: string, tier: SleepTier, next: SleepTier | 'waking'): Promise<void> {
    try {
      const pod = await patiently(() => pods(this.#parts).sleep(name, tier))
      this.#parts.states.change(name, { ...found(pod), state: next, retryAt: null })
    } catch (error) {
      this.#parts.states.change(name, { state: 'asleep' })
      throw error
    }
  }
}

/** What is asleep already, or frozen when that was asked, stays as it is. */
function canSleep({ state, pod }: SiteStatus, tier: SleepTier): boolean {
  if (pod === null) return false
  return state === 'running' || (tier === 'asleep' && (state === 'frozen' || state === 'failed'))
}
