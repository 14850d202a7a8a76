// Finds and ends what a command left running in a pod, by a mark in the environment that every process inherits. Called by exec and at reconcile.
import { open, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cgroups } from '../cgroup.ts'

export const MARK = 'AUBERGE_EXEC'

/** Looks at what is left, and milliseconds between two of them where a process can't be told yet. */
const ROUNDS = 50
const MOMENT = 4
/** Bytes of an environment that are looked at. */
const MOST = 2 ** 18

/** Ends every process of a cgroup that carries `mark`; without one, those of any exec (left by a provisioner that was killed). */
export async function endMarked(cgroups: Cgroups, cgroup: string, mark?: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const { marked, unknown } = await look(cgroups, cgroup, mark)
    if (marked.length + unknown.length === 0) return
    for (const pid of marked) kill(pid)
    if (marked.length === 0) await delay(MOMENT)
  }
}

/** The terminal inside (`/dev/pts/3`) of a marked command, or null. Only names are read here; nothing is opened. */
export async function terminalOf(cgroups: Cgroups, cgroup: string, mark: string): Promise<string | null> {
  const { marked } = await look(cgroups, cgroup, mark)
  const inputs = await Promise.all(marked.map(pid => readlink(`/proc/${pid}/fd/0`).catch(() => '')))
  return inputs.find(path => /^\/dev\/pts\/\d{1,6}$/.test(path)) ?? null
}

/** The processes of a cgroup that carry the mark, and those that can't be told yet. One after the other: there may be thousands. */
async function look(cgroups: Cgroups, cgroup: string, mark?: string): Promise<{ marked: number[]; unknown: number[] }> {
  const pids = await cgroups.tasks(cgroup)
  const signs: string[] = []
  for (const pid of pids) signs.push(await signOf(pid, mark))
  const those = (sign: string): number[] => pids.filter((_, index) => signs[index] === sign)
  return { marked: those('marked'), unknown: those('unknown') }
}

/** A process in the middle of execve(2) shows no environment yet, one that is gone or a zombie none any more. */
async function signOf(pid: number, mark = ''): Promise<'marked' | 'other' | 'unknown'> {
  const environment = await environmentOf(pid).catch(() => null)
  if (environment === null) return 'other'
  if (environment === '') return (await isZombie(pid)) ? 'other' : 'unknown'
  return environment.split('\0').some(each => each.startsWith(`${MARK}=${mark}`)) ? 'marked' : 'other'
}

/** No more than a command is given by us: a process may say that its environment is all of its memory (PR_SET_MM_MAP). */
async function environmentOf(pid: number): Promise<string> {
  const file = await open(`/proc/${pid}/environ`)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST), 0, MOST).finally(() => file.close())
  return buffer.toString('latin1', 0, bytesRead)
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') Z')
  return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
}

function kill(pid: number): void {
  try { process.kill(pid, 'SIGKILL') } catch { /* it has ended already */ }
}
