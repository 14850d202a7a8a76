// Waking: many requests, one wake. Asked by push.ts for visitors and by the desk for owners.
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../../provisioner/api.ts'
import type { Upstream, WakeCause } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Depth, LastWake, WakeRecord } from '../desk.ts'
import type { Admission } from './admission.ts'
import { Callers } from './callers.ts'
import { found, type SiteStatus } from './states.ts'
import { pods, podOf, siteOf, type Parts } from './parts.ts'
import { isAway, patiently } from './patience.ts'

/** Milliseconds between the first failed wake and the next try, doubled with each further one. */
const FIRST_BACKOFF = 1_000
const LONGEST_BACKOFF = 5 * 60_000
/** Milliseconds a site has to have run for its earlier failures to be forgotten. */
const HEALTHY = 60_000
/** Milliseconds after which visitors are let try again where there was no memory to spare. */
const NO_ROOM = 5_000
/** Characters of a failure that are written down with the wake; the owner sees all of the last one. */
const LONGEST_FAILURE = 300

/** Milliseconds until a site that failed `failures` times in a row is tried again. */
export function backoff(failures: number): number {
  return Math.min(FIRST_BACKOFF * 2 ** (failures - 1), LONGEST_BACKOFF)
}

export type WakeParts = Pick<Parts, 'registry' | 'provisioner' | 'states' | 'turns' | 'memory' | 'diary' | 'metrics' | 'log'> & { admission: Pick<Admission, 'enter'> }

/** When and why a wake was asked for, in epoch milliseconds and on the clock that only goes on. */
type Asked = { at: number; start: number; cause: WakeCause; from: Depth }

export class Wakes {
  readonly #parts: WakeParts
  readonly #running = new Map<string, { callers: Callers; done: Promise<void> }>()
  readonly #checks = new Set<string>()

  constructor(parts: WakeParts) {
    this.#parts = parts
  }

  /** Whether someone waits for the site: a sleep that has only begun is called off then. */
  wanted(name: string): boolean {
    return this.#running.has(name)
  }

  /**
   * Resolves when the site runs. Everybody who asks meanwhile shares one wake, which goes on when they leave; only while it waits for room it ends then.
   * `wake_failed` with what the owner should know, `no_room` where the house has no memory to spare; visitors are refused with it until `retryAt`.
   * `relay`: who says by `unwanted` when its visitors have left.
   */
  wake(name: string, cause: WakeCause, relay: object | null = null): Promise<void> {
    const running = this.#running.get(name)
    if (running) {
      running.callers.add(relay)
      return running.done
    }
    const callers = new Callers()
    callers.add(relay)
    const done = this.#run(name, cause, callers.signal).finally(() => {
      callers.stop()
      this.#running.delete(name)
    })
    this.#running.set(name, { callers, done })
    return done
  }

  /** Nobody at this relay waits for the site any more. */
  unwanted(name: string, relay: object): void {
    this.#running.get(name)?.callers.left(relay)
  }

  /** A relay is gone, and its visitors with it. */
  gone(relay: object): void {
    for (const { callers } of this.#running.values()) callers.left(relay)
  }

  /** A pod's process ended by itself. The next request may try at once, unless that is what keeps happening. */
  exited(name: string, failure: string): void {
    const status = this.#parts.states.get(name)
    if (status?.state !== 'running' && status?.state !== 'frozen') return
    const failures = Date.now() - status.since > HEALTHY ? 1 : status.failures + 1
    const retryAt = failures === 1 ? null : Date.now() + backoff(failures)
    this.#parts.log.warn({ site: name, failure, failures }, 'a pod ended by itself')
    this.#parts.states.change(name, { state: 'failed', failure, failures, retryAt })
  }

  /** A relay could not reach the pod: whatever it is, the next wake begins with a pod made anew. Many relays, one check. */
  async down(name: string, upstream: Upstream): Promise<void> {
    if (this.#checks.has(name) || !this.#isAt(name, upstream)) return
    this.#checks.add(name)
    await this.#parts.turns.run(name, () => this.#check(name, upstream)).finally(() => { this.#checks.delete(name) })
  }

  async #run(name: string, cause: WakeCause, signal: AbortSignal): Promise<void> {
    const { admission, turns, memory } = this.#parts
    const { site, status } = this.#permitted(name, cause)
    const asked: Asked = { at: Date.now(), start: performance.now(), cause, from: status.state === 'frozen' ? 'frozen' : 'asleep' }
    if (status.state !== 'running') await admission.enter(name, site.owner, signal).catch((error: unknown) => this.#turnedAway(name, asked, error))
    await turns.run(name, () => this.#wake(name, asked)).finally(() => { memory.cancel(name) })
  }

  #permitted(name: string, cause: WakeCause): ReturnType<typeof siteOf> {
    const found = siteOf(this.#parts, name)
    const { suspended, state, retryAt } = found.status
    if (suspended !== null) throw new AubergeError('forbidden', `${name} is suspended: ${suspended}`)
    if (cause.by === 'visitor' && state !== 'running' && Date.now() < (retryAt ?? 0)) throw new AubergeError('wake_failed', `${name} failed and is tried again later`)
    return found
  }

  async #wake(name: string, asked: Asked): Promise<void> {
    const { status } = siteOf(this.#parts, name)
    if (status.state === 'running' || status.suspended !== null) return
    const queue = performance.now() - asked.start
    this.#parts.states.change(name, { state: 'waking' })
    try {
      const { pod, from, phases } = await patiently(() => this.#start(name))
      const lastWake = this.#record(name, { ...asked, from: from === 'frozen' ? 'frozen' : 'asleep' }, 'ok', { queue, ...phases })
      this.#parts.memory.woke(name)
      this.#parts.states.change(name, { ...found(pod), state: 'running', failure: null, retryAt: null, lastWake: { ...lastWake, phases: { queue, ...phases } } })
    } catch (error) {
      this.#record(name, asked, 'failed', { queue }, error)
      this.#failed(name, error)
      throw error
    }
  }

  /** There was no room: visitors are told so for some seconds, unless it was they who left. */
  #turnedAway(name: string, asked: Asked, error: unknown): never {
    const outcome = error instanceof AubergeError && error.code === 'no_room' ? 'no_room' : 'left'
    this.#record(name, asked, outcome, { queue: performance.now() - asked.start })
    const state = this.#parts.states.get(name)?.state
    this.#parts.states.change(name, { ...(state === 'waking' ? { state: 'asleep' } : {}), ...(outcome === 'no_room' ? { retryAt: Date.now() + NO_ROOM } : {}) })
    throw error
  }

  #record(name: string, { at, start, cause, from }: Asked, outcome: WakeRecord['outcome'], phases: WakeRecord['phases'], error?: unknown): Omit<LastWake, 'phases'> {
    const ms = performance.now() - start
    const [failure = ''] = error instanceof Error ? error.message.split('\n') : []
    this.#parts.diary.add(name, { at, cause, ms, from, outcome, phases, ...(failure === '' ? {} : { failure: failure.slice(0, LONGEST_FAILURE) }) })
    this.#parts.metrics.woke(cause.by, outcome, ms / 1000)
    return { at, cause, ms, from }
  }

  async #start(name: string) {
    const { site } = siteOf(this.#parts, name)
    await podOf(this.#parts, site)
    try {
      return await pods(this.#parts).wake(name)
    } catch (error) {
      // The provisioner lost the pod (a restored disk, say): make it again, once.
      if (!(error instanceof AubergeError) || error.code !== 'not_found') throw error
      this.#parts.states.change(name, { pod: null })
      await podOf(this.#parts, site)
      return await pods(this.#parts).wake(name)
    }
  }

  #failed(name: string, error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error)
    const failures = (this.#parts.states.get(name)?.failures ?? 0) + 1
    const wait = isAway(error) ? FIRST_BACKOFF : backoff(failures)
    this.#parts.log.warn({ site: name, failure, failures }, 'a wake failed')
    this.#parts.states.change(name, { state: 'failed', failure, failures: isAway(error) ? failures - 1 : failures, retryAt: Date.now() + wait })
  }

  #isAt(name: string, upstream: Upstream): boolean {
    const status = this.#parts.states.get(name)
    return status?.state === 'running' && status.pod !== null && isDeepStrictEqual(upstream, address(status.pod))
  }

  /** Asks the provisioner what became of the pod. One that claims to run, and doesn't answer, is stopped. */
  async #check(name: string, upstream: Upstream): Promise<void> {
    if (!this.#isAt(name, upstream)) return
    const pod = await this.#settledPod(name)
    if (!this.#isAt(name, upstream)) return
    if (pod?.tier === 'running') {
      this.#parts.log.warn({ site: name }, 'a pod runs but does not answer: stopping it')
      const stopped = await patiently(() => pods(this.#parts).sleep(name, 'asleep'))
      this.#again(name, { ...found(stopped), state: 'asleep', failure: 'it ran but did not answer' })
    } else {
      this.#again(name, pod ? found(pod) : { state: 'asleep', pod: null })
    }
  }

  /** Leaves a moment for a process that has just died to be noticed. */
  async #settledPod(name: string): Promise<Pod | undefined> {
    await pause(200)
    const all = await patiently(() => pods(this.#parts).list())
    return all.find(pod => pod.name === name)
  }

  /** Writes down a failure that visitors found; pods that keep failing are tried more and more rarely. */
  #again(name: string, change: Parameters<Parts['states']['change']>[1]): void {
    const status = this.#parts.states.get(name)
    const failures = this.#count(status)
    const retryAt = failures <= 1 ? null : Date.now() + backoff(failures)
    this.#parts.states.change(name, { ...change, ...(change.state === 'running' ? {} : { state: retryAt ? 'failed' : change.state ?? 'asleep', failures, retryAt }) })
  }

  #count(status: SiteStatus | undefined): number {
    return status && Date.now() - status.since <= HEALTHY ? status.failures + 1 : 1
  }
}

function address(pod: Pod): Upstream {
  return { address: pod.ipv4, port: pod.port }
}
