// One process of the house, kept running: started with its sockets and briefing, started again when it dies, stopped when asked. Called by main.ts.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { readLines } from '../wire/lines.ts'
import type { Report } from '../wire/house.ts'
import type { Post } from './crew.ts'

/** Milliseconds before a dead process is started again: doubling, and back to the first after ten seconds of life. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5_000
const SETTLED = 10_000

type State = 'idle' | 'starting' | 'ready' | 'pausing' | 'stopping' | 'stopped'

export type Start = {
  post: Post
  argv: string[]
  env: Record<string, string>
  /** Mode bits withheld from what the process creates. */
  umask: number
  /** Inherited last, after the sockets: held open for the family lock, never used. */
  lock: number
}

export type Witness = {
  ready(report: Report): void
  /** One line of the process's standard error. */
  said(name: string, stderr: Readable): void
  /** The process ended by itself; `pause` milliseconds until it is started again. */
  died(name: string, how: string, pause: number): void
}

export class Child {
  readonly #start: Start
  readonly #witness: Witness
  #state: State = 'idle'
  #process: ChildProcess | null = null
  #pause = FIRST_PAUSE
  #startedAt = 0
  #timer: NodeJS.Timeout | undefined
  #gone: () => void = () => {}

  constructor(start: Start, witness: Witness) {
    this.#start = start
    this.#witness = witness
  }

  get state(): State { return this.#state }
  get role() { return this.#start.post.role }

  /** Starts the process; from now on it is kept running. */
  start(): void {
    this.#state = 'starting'
    this.#startedAt = performance.now()
    const child = this.#spawn()
    this.#process = child
    child.once('error', error => this.#ended(child, error.message))
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit code ${code}`))
    const [stdin, stdout, stderr] = child.stdio as unknown as [Writable, Readable, Readable]
    stdin.on('error', () => {})
    stdin.write(`${JSON.stringify(this.#start.post.briefing)}\n`)
    readLines<Report>(stdout, report => { if (report.type === 'ready') this.#ready(report) })
    this.#witness.said(this.#start.post.name, stderr)
  }

  /** Asks the process to leave; resolves when it has. */
  stop(): Promise<void> {
    this.retire()
    if (this.#process === null) return Promise.resolve()
    this.#process.kill('SIGTERM')
    return new Promise(resolve => { this.#gone = resolve })
  }

  /** From now on a death is final: the house is leaving. */
  retire(): void {
    clearTimeout(this.#timer)
    this.#state = this.#process === null ? 'stopped' : 'stopping'
  }

  /** Ends it without asking. */
  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  #spawn(): ChildProcess {
    const { argv: [file = '', ...args], env, umask, post, lock } = this.#start
    const before = process.umask(umask)
    try {
      // In a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone, which knows the order to stop in.
      return spawn(file, args, { cwd: '/', env, detached: true, stdio: ['pipe', 'pipe', 'pipe', ...post.fds, lock] })
    } finally {
      process.umask(before)
    }
  }

  #ready(report: Report): void {
    if (this.#state !== 'starting') return
    this.#state = 'ready'
    this.#witness.ready(report)
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#process !== child) return
    this.#process = null
    if (this.#state === 'stopping') {
      this.#state = 'stopped'
      return this.#gone()
    }
    this.#again(how)
  }

  #again(how: string): void {
    if (performance.now() - this.#startedAt >= SETTLED) this.#pause = FIRST_PAUSE
    this.#state = 'pausing'
    this.#witness.died(this.#start.post.name, how, this.#pause)
    this.#timer = setTimeout(() => this.start(), this.#pause)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }
}
