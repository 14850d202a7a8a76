// Puts the house's rules back when another tool takes them away (`nft flush ruleset`, a firewall's reload). Started by provision.ts.
// The kernel tells of each removal as it happens; between it and our answer lie some tens of milliseconds.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { AubergeError } from '../wire/error.ts'
import * as commands from './commands/network.ts'
import { fortify, inPlace, sign } from './firewall.ts'
import type { Host } from './host.ts'
import { run } from './run.ts'

/** Milliseconds until we listen again where `nft monitor` ended, and until rules that could not be put back are looked at again. */
const AGAIN = 1000
/** Milliseconds from the first sign to the second, to a monitor that has heard none; the pauses double, up to AGAIN. */
const SIGN = 50
/** What it says when the kernel had more to tell than it could keep. */
const LOST = /lost some netlink events/

export class Guard {
  readonly #host: Host
  #monitor: ChildProcess | null = null
  #timer: NodeJS.Timeout | null = null
  #retry: NodeJS.Timeout | null = null
  /** `again`: something was removed while we looked. */
  #state: 'watching' | 'looking' | 'again' | 'closed' = 'watching'

  constructor(host: Host) {
    this.#host = host
    this.#listen()
  }

  close(): void {
    this.#state = 'closed'
    for (const timer of [this.#timer, this.#retry]) if (timer) clearTimeout(timer)
    this.#monitor?.kill('SIGKILL')
  }

  /** Whatever went while nobody listened is found by the look that follows. When a monitor begins to listen it doesn't say: it does when it has told of a sign. */
  #listen(): void {
    const [program = '', ...args] = commands.monitorRemovals()
    const monitor = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#monitor = monitor
    monitor.once('error', error => this.#host.log.error({ err: error }, 'nft monitor does not start'))
    const heard = new AbortController()
    createInterface({ input: monitor.stdout }).on('line', line => {
      if (!heard.signal.aborted || this.#concerns(line)) this.#look()
      heard.abort()
    })
    monitor.once('close', () => {
      heard.abort()
      if (this.#state !== 'closed') this.#timer = setTimeout(() => this.#listen(), AGAIN)
    })
    void this.#signal(heard.signal)
  }

  /** A table that comes and goes, until somebody has heard of it. */
  async #signal(heard: AbortSignal): Promise<void> {
    for (let wait = SIGN; !heard.aborted && this.#state !== 'closed'; wait = Math.min(2 * wait, AGAIN)) {
      await run(commands.loadRules(), { input: sign(this.#host.instance) }).catch(error => this.#host.log.warn({ error: String(error) }, 'nft monitor could not be given a sign'))
      await delay(wait, undefined, { signal: heard }).catch(() => {})
    }
  }

  #concerns(line: string): boolean {
    return LOST.test(line) || (/^delete (table|chain|rule|set|map) /.test(line) && line.split(' ').includes(this.#host.instance.id))
  }

  #look(): void {
    if (this.#state === 'looking') this.#state = 'again'
    if (this.#state !== 'watching' || this.#retry) return
    this.#state = 'looking'
    void this.#mend().catch(error => this.#failed(error as Error)).finally(() => this.#looked())
  }

  /** No event would tell a second time. */
  #failed(error: Error): void {
    this.#host.log.error({ err: error }, 'the rules of the firewall could not be put back: trying again')
    if (this.#state !== 'closed') this.#retry ??= setTimeout(() => { this.#retry = null; this.#look() }, AGAIN)
  }

  #looked(): void {
    const again = this.#state === 'again'
    if (this.#state !== 'closed') this.#state = 'watching'
    if (again) this.#look()
  }

  async #mend(): Promise<void> {
    if (await inPlace(this.#host)) return
    this.#host.log.warn('another program removed rules of our firewall; they are put back')
    await fortify(this.#host)
    if (!(await inPlace(this.#host))) throw new AubergeError('failed', 'another program removes our rules as fast as they are put in place')
  }
}
