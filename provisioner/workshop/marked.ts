// Finds and ends what a command left running in a pod, by a mark in the environment that every process inherits. Called by exec and at reconcile.
import { readFile, readlink } from 'node:fs/promises'
import type { Cgroups } from '../cgroup.ts'

export const MARK = 'AUBERGE_EXEC'

/** Ends every process of a cgroup that carries `mark`; without one, those of any exec (left by a provisioner that was killed). */
export async function endMarked(cgroups: Cgroups, cgroup: string, mark?: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const found = await marked(cgroups, cgroup, mark)
    if (found.length === 0) return
    for (const pid of found) kill(pid)
  }
}

/** The terminal inside (`/dev/pts/3`) of a marked command, or null. Only names are read here; nothing is opened. */
export async function terminalOf(cgroups: Cgroups, cgroup: string, mark: string): Promise<string | null> {
  const found = await marked(cgroups, cgroup, mark)
  const inputs = await Promise.all(found.map(pid => readlink(`/proc/${pid}/fd/0`).catch(() => '')))
  return inputs.find(path => /^\/dev\/pts\/\d{1,6}$/.test(path)) ?? null
}

async function marked(cgroups: Cgroups, cgroup: string, mark = ''): Promise<number[]> {
  const pids = await cgroups.tasks(cgroup)
  const carry = await Promise.all(pids.map(pid => carries(pid, `${MARK}=${mark}`)))
  return pids.filter((_, index) => carry[index])
}

/** A process that is already dead (a zombie) has no environment any more. */
async function carries(pid: number, entry: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
  return environment.split('\0').some(each => each.startsWith(entry))
}

function kill(pid: number): void {
  try { process.kill(pid, 'SIGKILL') } catch { /* it has ended already */ }
}
