// Notices that a pod ended by itself: every pod awake is looked at four times a second, which costs a system call each. Started by main.ts.
import { EventEmitter } from 'node:events'
import type { PodEvent } from './api.ts'
import { children, collect, hasEnded } from './children.ts'
import type { Host } from './host.ts'
import { rotate, tail } from './log.ts'
import { alive, perhapsAlive } from './process.ts'
import { discard } from './recipes/prepare.ts'
import { cause, spelled } from './recipes/wake.ts'

const INTERVAL = 250
/** Pods whose start time and state are read in one look, in turn: finds reused pids and processes nobody collects. */
const CLOSELY = 64
const ROTATE_EVERY = 20
const SWEEP_EVERY = 4

/** Emits `exit` with a PodEvent. */
export class Exits extends EventEmitter<{ exit: [PodEvent] }> {
  readonly #host: Host
  readonly #timer: NodeJS.Timeout
  readonly #pending = new Set<string>()
  #orphans = new Set<number>()
  #looks = 0

  constructor(host: Host) {
    super()
    this.setMaxListeners(0)
    this.#host = host
    this.#timer = setInterval(() => this.#look(), INTERVAL)
  }

  close(): void { clearInterval(this.#timer) }

  #look(): void {
    const names = this.#host.states.awake()
    const first = (this.#looks++ * CLOSELY) % Math.max(1, names.length)
    for (const [index, name] of names.entries()) {
      const life = this.#host.states.life(name)
      const close = (index - first + names.length) % names.length < CLOSELY
      if (!(close ? alive(life) : perhapsAlive(life.pid))) this.#settle(name)
    }
    if (this.#looks % ROTATE_EVERY === 0) void this.#rotate(names)
    if (this.#looks % SWEEP_EVERY === 0) this.#sweep()
  }

  /** Collects orphans that nobody waits for. Node collects its own children at once, recipes the pods: what is still there at a second look is neither. */
  #sweep(): void {
    const { states } = this.#host
    const pods = new Set(states.names().map(name => states.life(name).pid))
    const ended = children().filter(pid => !pods.has(pid) && hasEnded(pid))
    for (const pid of ended) if (this.#orphans.has(pid)) collect(pid)
    this.#orphans = new Set(ended)
  }

  async #rotate(names: string[]): Promise<void> {
    for (const name of names) await rotate(this.#host, name).catch(error => this.#host.log.error({ site: name, error: String(error) }, 'log not rotated'))
  }

  #settle(name: string): void {
    if (this.#pending.has(name)) return
    this.#pending.add(name)
    const work = this.#host.queue.run(name, () => this.exited(name))
    void work.catch(error => this.#host.log.error({ site: name, error: String(error) }, 'an ended pod was not cleared away')).finally(() => this.#pending.delete(name))
  }

  /** In the site's queue: turns a pod whose process has ended into a failed one, and says so. */
  async exited(name: string): Promise<void> {
    const { states, log } = this.#host
    if (!states.has(name)) return
    const life = states.life(name)
    if ((life.tier !== 'running' && life.tier !== 'frozen') || alive(life)) return
    const failure = `its process ended by itself${spelled(collect(life.pid))}. ${await cause(this.#host, name)}Its log ends:\n${await tail(this.#host, name, 4000)}`
    await discard(this.#host, name)
    states.live(name, { tier: 'failed', failure })
    log.warn({ site: name }, 'pod ended by itself')
    this.emit('exit', { type: 'exit', name, failure, at: Date.now() })
  }
}
