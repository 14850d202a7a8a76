// Runs a command as the site's root: in the running pod, or else in a workshop. Called by the server. Frames: wire/frames.ts.
// The command and everything it started end when the client leaves or the command does.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import type { ExecRequest } from '../api.ts'
import { workbench } from '../container.ts'
import type { Host } from '../host.ts'
import { containerId, podCgroup } from '../instance.ts'
import { ExecStream } from './stream.ts'
import { endMarked, MARK, terminalOf } from './marked.ts'
import { piping, terminal } from './commands.ts'
import { run } from '../run.ts'
import { Seats } from '../seats.ts'
import { openWorkshop } from './workshop.ts'

const MAX_WORDS = 256
const MAX_BYTES = 64 * 2 ** 10
/** Longest a command may run in a workshop. Milliseconds. */
const TIME = 12 * 60 * 60_000

const seats = new Seats(16, 'commands')

type Place = { argv: string[]; leave: () => Promise<void>; resized?: (columns: number, rows: number) => Promise<void> }

/** `invalid` for a request out of bounds. The stream ends after the exit frame; destroying it ends the command. */
export async function exec(host: Host, name: string, request: ExecRequest): Promise<Duplex> {
  check(request)
  const rise = seats.take(host.data, name)
  const { argv, leave, resized = async () => {} } = await place(host, name, request).catch(error => { rise(); throw error })
  const { tty, columns = 80, rows = 24 } = request
  try {
    return new ExecStream(tty ? terminal(argv, columns, rows, oneAtATime(resized)) : piping(argv), () => leave().finally(rise).catch(error => host.log.error({ site: name, err: error as Error }, 'a command left something behind')))
  } catch (error) {
    await leave().finally(rise)
    throw error
  }
}

function place(host: Host, name: string, request: ExecRequest): Promise<Place> {
  if (host.states.life(name).tier !== 'running') return workshop(host, name, request)
  return host.runtime.execs === 'beside' ? beside(host, name, request) : pod(host, name, request)
}

/**
 * runc before 1.2 enters a container's user namespace first and may then not enter its network, which is the host's: no exec. What rkt enters a pod with
 * stays the host's root. So the command gets a container of its own with the pod's files and network, without its processes.
 */
async function beside(host: Host, name: string, { command, tty }: ExecRequest): Promise<Place> {
  const bench = await workbench(host, name, { command, tty, env: terminalType(tty) })
  return { argv: bench.argv, leave: () => bench.remove() }
}

async function pod(host: Host, name: string, { command, tty }: ExecRequest): Promise<Place> {
  const mark = randomBytes(12).toString('hex')
  const argv = host.runtime.exec(containerId(host.instance, name), having({ [MARK]: mark, ...terminalType(tty) }, command), { tty, cwd: '/var/www' })
  const id = containerId(host.instance, name)
  return { argv, leave: () => endMarked(host.cgroups, podCgroup(host.instance, name), mark), resized: sizing(host, podCgroup(host.instance, name), mark, command => host.runtime.exec(id, command)) }
}

async function workshop(host: Host, name: string, { command, tty }: ExecRequest): Promise<Place> {
  const shop = await openWorkshop(host, name, TIME)
  const mark = randomBytes(12).toString('hex')
  const argv = shop.argv(having({ [MARK]: mark, ...terminalType(tty) }, command), tty)
  return { argv, leave: () => shop.close(), resized: sizing(host, shop.cgroup, mark, words => shop.argv(words)) }
}

/** crun 1.8 doesn't pass a new size on to the terminal of an exec; stty does it, inside. (runc does; its terminal then has that size already.) */
function sizing(host: Host, cgroup: string, mark: string, inside: (command: string[]) => string[]): NonNullable<Place['resized']> {
  return async (columns, rows) => {
    const terminal = await terminalOf(host.cgroups, cgroup, mark)
    if (terminal) await run(inside(['stty', '-F', terminal, 'cols', String(columns), 'rows', String(rows)]), { timeout: 5000 })
  }
}

/** Runs `act` with the newest values once the one before is done; a failure is nobody's business (the command has ended). */
function oneAtATime(act: NonNullable<Place['resized']>): (columns: number, rows: number) => void {
  let next: [number, number] | null = null
  let running = false
  const go = async (): Promise<void> => {
    running = true
    for (; next; ) {
      const [columns, rows] = next
      next = null
      await act(columns, rows).catch(() => {})
    }
    running = false
  }
  return (columns, rows) => {
    next = [columns, rows]
    if (!running) void go()
  }
}

/** The runtimes' own --env would, with crun 1.8, replace the container's whole environment. */
function having(environment: Record<string, string>, command: string[]): string[] {
  const pairs = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
  return pairs.length > 0 ? ['env', ...pairs, ...command] : command
}

const terminalType = (tty: boolean): Record<string, string> => (tty ? { TERM: 'xterm-256color' } : {})

function check({ command, tty, columns, rows }: ExecRequest): void {
  const words = Array.isArray(command) && command.length > 0 && command.length <= MAX_WORDS && command.every(word => typeof word === 'string' && !word.includes('\0'))
  if (!words || command[0] === '' || Buffer.byteLength(command.join(' ')) > MAX_BYTES) {
    throw new AubergeError('invalid', `a command is 1 to ${MAX_WORDS} words of ${MAX_BYTES} bytes in all, without NUL`)
  }
  if (/^-|=/.test(command[0]!)) throw new AubergeError('invalid', `"${command[0]}" is not a program; a command begins with one`)
  const sizes = [columns ?? 80, rows ?? 24].every(size => Number.isInteger(size) && size >= 1 && size <= 1000)
  if (typeof tty !== 'boolean' || !sizes) throw new AubergeError('invalid', 'a terminal has 1 to 1000 columns and rows')
}
