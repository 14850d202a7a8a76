// Puts the house's rules back when another tool takes them away (`nft flush ruleset`, a firewall's reload). Started by provision.ts.
// The kernel tells of each removal as it happens; between it and our answer lie some tens of milliseconds.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as commands from './commands/network.ts'
import { fortify, inPlace } from './firewall.ts'
import type { Host } from './host.ts'

/** Milliseconds until we listen again where `nft monitor` ended, and until rules that could not be put back are looked at again. */
const AGAIN = 1000

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

  /** Whatever went while nobody listened is found by the look that follows. */
  #listen(): void {
    const [program = '', ...args] = commands.monitorRemovals()
    const monitor = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#monitor = monitor
    monitor.once('error', error => this.#host.log.error({ err: error }, 'nft monitor does not start'))
    createInterface({ input: monitor.stdout }).on('line', line => { if (this.#concerns(line)) this.#look() })
    monitor.once('close', () => { if (this.#state !== 'closed') this.#timer = setTimeout(() => this.#listen(), AGAIN) })
    this.#look()
  }

  #concerns(line: string): boolean {
    return /^delete (table|chain|rule|set) /.test(line) && line.split(' ').includes(this.#host.instance.id)
  }

  #look(): void {
    if (this.#state === 'looking') this.#state = 'again'
    if (this.#state !== 'watching') return
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
  }
}
