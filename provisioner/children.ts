// How pods' first processes ended. A runtime leaves them to the nearest ancestor that collects orphans, which is this process once `adoptOrphans` was called;
// the kernel tells nobody else how a process ended. Called by recipes, the watch and provision.ts; docs/decisions/13.
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import koffi from 'koffi'
import { AubergeError } from '../wire/error.ts'
import { processStat } from './process.ts'

/** prctl(2), waitpid(2). */
const PR_SET_CHILD_SUBREAPER = 36
const WNOHANG = 1

const libc = koffi.load('libc.so.6')
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)') as (option: number, ...rest: number[]) => number
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)') as (pid: number, status: [number], options: number) => number

/** How a process ended: its exit code, or the signal that killed it (`SIGKILL`). */
export type Ending = { code: number } | { signal: string }

/** From now on processes whose parents have ended are children of this one. */
export function adoptOrphans(): void {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) throw new AubergeError('failed', 'prctl(PR_SET_CHILD_SUBREAPER) failed: this kernel is too old (3.4 or newer is needed)')
}

/** Collects a process that has ended and says how; null for one that runs, or that isn't ours: it was started before this process was. */
export function collect(pid: number): Ending | null {
  const status: [number] = [0]
  if (pid <= 0 || waitpid(pid, status, WNOHANG) !== pid) return null
  const signal = status[0] & 0x7f
  return signal === 0 ? { code: status[0] >> 8 & 0xff } : { signal: signalName(signal) ?? `signal ${signal}` }
}

const awaited = new Map<number, (ending: Ending) => void>()

/** Resolves when a child of this process, just started, has ended. */
export function ending(pid: number): Promise<Ending> {
  if (process.listenerCount('SIGCHLD') === 0) process.on('SIGCHLD', settle)
  const ended = new Promise<Ending>(resolve => awaited.set(pid, resolve))
  settle()
  return ended
}

/** One signal may tell of several, and one that came before anybody listened of none. */
function settle(): void {
  for (const [pid, resolve] of awaited) {
    const ended = collect(pid)
    if (ended === null) continue
    awaited.delete(pid)
    resolve(ended)
  }
}

/** `SIGKILL` for 9; undefined for a number that is no signal with a name. */
export function signalName(signal: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0]
}

/** The children of this process that nobody waits for, orphans among them; none where the kernel doesn't list them (CONFIG_PROC_CHILDREN, which Debian's has). */
export function children(): number[] {
  const list = `/proc/self/task/${process.pid}/children`
  return existsSync(list) ? readFileSync(list, 'utf8').split(' ').filter(Boolean).map(Number).filter(pid => !awaited.has(pid)) : []
}

/** Whether a process has ended and waits to be collected. */
export const hasEnded = (pid: number) => processStat(pid)?.state === 'Z'
