// A workshop: a short-lived container of a site in which fixed programs work on its files, as the site's own ids and within its limits.
// Works in every tier, wakes nothing and is gone after `close`. Called by deploy, backup and exec.
//
// Its first process is a leash: `cat` on a pipe that this process holds. However we end, the pipe ends, the leash with it, and the
// kernel takes every other process of the container along.
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Readable, Writable } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import { workbench, type Work, type Workbench } from '../container.ts'
import type { Host } from '../host.ts'

/** What a program came to. Texts are cut at 64 KiB. */
export type Finished = { status: number; stdout: string; stderr: string }

type Piped = ChildProcessByStdio<Writable, Readable, Readable>

const KEPT_TEXT = 64 * 2 ** 10

/** What a runtime's command line sees of the environment: never what the provisioner was started with. */
export const CLEAN = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

/** The text of a fixed program (programs/NAME.sh), run as `sh -c TEXT NAME ARGUMENT…`: data only ever comes as arguments. */
export function program(name: string, ...args: string[]): string[] {
  return ['sh', '-c', readFileSync(new URL(`programs/${name}.sh`, import.meta.url), 'utf8'), name, ...args]
}

/** What differs from the site's own: see container.ts. */
type Place = Pick<Work, 'volume' | 'image' | 'network'>

/** Opens a workshop of a site and resolves once programs can run in it. It closes by itself after `timeout` milliseconds. */
export async function openWorkshop(host: Host, name: string, timeout: number, place: Place = {}): Promise<Workshop> {
  const bench = await workbench(host, name, { command: ['cat'], network: 'none', ...place })
  try {
    const held = await leash(bench)
    await host.runtime.registered(bench.id)
    return new Workshop(host, bench, held, timeout)
  } catch (error) {
    await bench.remove()
    throw error
  }
}

/** Opens a workshop, lets `work` happen in it and closes it whatever came of that. */
export async function inWorkshop<T>(host: Host, name: string, timeout: number, work: (shop: Workshop) => Promise<T>, place: Place = {}): Promise<T> {
  const shop = await openWorkshop(host, name, timeout, place)
  try {
    return await work(shop)
  } catch (error) {
    throw shop.late ?? error
  } finally {
    await shop.close()
  }
}

export class Workshop {
  readonly #host: Host
  readonly #bench: Workbench
  readonly #leash: Piped
  readonly #timer: NodeJS.Timeout
  #closed: Promise<void> | null = null
  /** Set when the time was up. */
  late: AubergeError | null = null

  constructor(host: Host, bench: Workbench, leash: Piped, timeout: number) {
    this.#host = host
    this.#bench = bench
    this.#leash = leash
    this.#timer = setTimeout(() => this.#expire(timeout), timeout)
  }

  get cgroup(): string { return this.#bench.cgroup }

  /** argv of a command in this workshop; the caller spawns it with the streams it wants. */
  argv(command: readonly string[], tty = false): string[] {
    return this.#host.runtime.exec(this.#bench.id, command, { tty, cwd: '/var/www' })
  }

  /** Starts a command with three pipes. */
  start(command: readonly string[]): Piped {
    return piped(this.argv(command))
  }

  /**
   * Runs a command to its end, feeding it `input`. Throws what `input` fails with once the command has ended, so that nothing runs on.
   * A command that ends before its input does is no error here: the rest of the input is read and dropped.
   */
  async run(command: readonly string[], input?: Readable): Promise<Finished> {
    const child = this.start(command)
    const [status, stdout, stderr, fed] = await Promise.all([
      once(child, 'close').then(([code]) => (code as number | null) ?? 137), text(child.stdout), text(child.stderr),
      feed(child.stdin, input).then(() => null, (error: Error) => error),
    ])
    if (this.late) throw this.late
    if (fed) throw interrupted(fed)
    return { status, stdout, stderr }
  }

  /** Ends whatever runs here and removes every trace of the container. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#remove()
    return this.#closed
  }

  async #remove(): Promise<void> {
    clearTimeout(this.#timer)
    this.#leash.stdin.end()
    await this.#bench.remove()
    if (this.#leash.exitCode === null && this.#leash.signalCode === null) this.#leash.kill('SIGKILL')
  }

  #expire(timeout: number): void {
    this.late = new AubergeError('timeout', `work on the site's files took longer than ${Math.round(timeout / 60_000)} minutes and was ended; nothing was changed`)
    void this.close()
  }
}

async function leash(bench: Workbench): Promise<Piped> {
  const child = piped(bench.argv)
  const complaint = text(child.stderr)
  child.stdin.on('error', () => {})
  child.stdin.write('\n')
  const ended = once(child, 'close').then(async () => { throw new AubergeError('failed', `the workshop did not start: ${(await complaint).trim()}`) })
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => {})
  return child
}

function piped([command, ...args]: readonly string[]): Piped {
  return spawn(command!, args, { stdio: ['pipe', 'pipe', 'pipe'], env: CLEAN })
}

/** Writes `input` to a command's standard input and ends it. Rejects if the input fails; a command that no longer reads gets no more. */
async function feed(stdin: Writable, input?: Readable): Promise<void> {
  stdin.on('error', () => { input?.unpipe(stdin); input?.resume() })
  if (!input) return void stdin.end()
  input.pipe(stdin)
  try {
    await finished(input, { writable: false })
  } finally {
    stdin.end()
  }
}

function interrupted(cause: Error): AubergeError {
  return cause instanceof AubergeError ? cause : new AubergeError('bad_request', 'the upload was interrupted; nothing was changed, send it again', { cause })
}

async function text(stream: Readable): Promise<string> {
  let kept = ''
  for await (const chunk of stream) if (kept.length < KEPT_TEXT) kept += String(chunk)
  return kept.slice(0, KEPT_TEXT)
}
