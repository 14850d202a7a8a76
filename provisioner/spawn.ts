// Starts a program without copying this process. Node forks: of a process of 100 MB that takes 5 ms and more for each program, and nothing else is done
// meanwhile. posix_spawn(3) shares the memory until the program begins, and takes one. Called by run.ts.
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'
import { findProgram } from '../wire/programs.ts'
import { ending, type Ending } from './children.ts'

const POSIX_SPAWN_SETSIGDEF = 0x04
const POSIX_SPAWN_SETSIGMASK = 0x08
const MFD_CLOEXEC = 1
/** Bytes of a file descriptor's actions, of attributes and of a set of signals: no less than glibc's on any machine of 64 bits. */
const OPAQUE = 1024

const libc = koffi.load('libc.so.6')
const memfd = libc.func('int memfd_create(const char *name, unsigned int flags)') as (name: string, flags: number) => number
const posixSpawn = libc.func('int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)') as
  (pid: [number], path: string, actions: Buffer, attributes: Buffer, argv: (string | null)[], envp: (string | null)[]) => number
const actionsMade = libc.func('int posix_spawn_file_actions_init(void *actions)') as (actions: Buffer) => number
const duplicating = libc.func('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)') as (actions: Buffer, from: number, to: number) => number
const actionsGone = libc.func('int posix_spawn_file_actions_destroy(void *actions)') as (actions: Buffer) => number

const attributes = plainSignals()
const nothing = openSync('/dev/null', 'r+')

/** How a program ended, and what it said. */
export type Spoken = { ending: Ending; stdout: string; stderr: string }
export type Spawn = { input?: string; stdio?: [stdout: number, stderr: number]; env: Record<string, string>; timeout: number }

/**
 * Runs a program to its end; one that takes more than `timeout` milliseconds is killed. Its streams are files in memory, so that nobody has to read along; `stdio`: descriptors in their place.
 * Throws where it can't be started.
 */
export async function spawned([program = '', ...args]: readonly string[], { input, stdio, env, timeout }: Spawn): Promise<Spoken> {
  const own = [input === undefined ? nothing : filled(input), ...(stdio ?? [page('stdout'), page('stderr')])] as [number, number, number]
  const [stdin, stdout, stderr] = own
  try {
    const pid = begun(located(program, env.PATH ?? ''), [program, ...args], env, own)
    const late = setInterval(() => process.kill(pid, 'SIGKILL'), timeout)
    const end = await ending(pid).finally(() => clearInterval(late))
    return { ending: end, stdout: stdio ? '' : textOf(stdout), stderr: stdio ? '' : textOf(stderr) }
  } finally {
    if (stdin !== nothing) closeSync(stdin)
    if (!stdio) for (const fd of [stdout, stderr]) closeSync(fd)
  }
}

function begun(path: string, argv: string[], env: Record<string, string>, streams: [number, number, number]): number {
  const actions = Buffer.alloc(OPAQUE)
  const pid: [number] = [0]
  actionsMade(actions)
  for (const [to, from] of streams.entries()) duplicating(actions, from, to)
  const failed = posixSpawn(pid, path, actions, attributes, [...argv, null], [...Object.entries(env).map(([key, value]) => `${key}=${value}`), null])
  actionsGone(actions)
  if (failed !== 0) throw new Error(`${path}: ${getSystemErrorName(-failed)}`)
  return pid[0]
}

/** No signal is ignored or held back in what we start, whatever is in this process. */
function plainSignals(): Buffer {
  const made = Buffer.alloc(OPAQUE)
  const [all, none] = [Buffer.alloc(OPAQUE), Buffer.alloc(OPAQUE)]
  libc.func('int sigfillset(void *set)')(all)
  libc.func('int posix_spawnattr_init(void *attributes)')(made)
  libc.func('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(made, all)
  libc.func('int posix_spawnattr_setsigmask(void *attributes, void *set)')(made, none)
  libc.func('int posix_spawnattr_setflags(void *attributes, short flags)')(made, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
  return made
}

const places = new Map<string, string>()

/** The first program of that name on `path`. */
function located(program: string, path: string): string {
  if (program.includes('/')) return program
  const found = places.get(program) ?? findProgram(program, path.split(':'))
  if (found === null) throw new Error(`there is no program ${program} on this machine`)
  places.set(program, found)
  return found
}

/** A file in memory to which several may write at once: opened by its name, to append, for two who write at the place where a plain memfd is would write over each other. */
function page(name: string): number {
  const fd = memfd(name, MFD_CLOEXEC)
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_RDWR | constants.O_APPEND)
  } finally {
    closeSync(fd)
  }
}

/** To be read from its beginning. */
function filled(input: string): number {
  const fd = memfd('stdin', MFD_CLOEXEC)
  const bytes = Buffer.from(input)
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
  return fd
}

function textOf(fd: number): string {
  const bytes = Buffer.alloc(fstatSync(fd).size)
  for (let at = 0; at < bytes.length;) at += readSync(fd, bytes, at, bytes.length - at, at) || bytes.length
  return bytes.toString('utf8')
}
