// What the kernel counts for the whole machine, or for root, who made all pods: bounds so wide that no site can use them up for the others. Called at start.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Logger } from '../wire/log.ts'
import { run } from './run.ts'

/**
 * Least values below /proc/sys. A pod is held by its own limits: each process costs it one of its own, and each instance or watch of inotify some of its memory.
 * inotify counts in a user namespace, and again for whoever made it: at the kernel's 128 instances one pod leaves none to the host.
 */
const LEAST: Record<string, number> = {
  'fs/inotify/max_user_instances': 2 ** 20, 'fs/inotify/max_user_watches': 2 ** 24, 'fs/file-max': 2 ** 30, 'kernel/pid_max': 2 ** 22, 'kernel/threads-max': 2 ** 20, 'kernel/pty/max': 2 ** 16,
  'net/ipv4/tcp_max_orphans': 2 ** 20,
}

/** Never lowers anything. What the host doesn't let us set is said and left. */
export function widenMachine(log: Logger): void {
  for (const [name, least] of Object.entries(LEAST)) {
    const file = `/proc/sys/${name}`
    try {
      if (Number(readFileSync(file, 'utf8')) < least) writeFileSync(file, String(least))
    } catch (error) {
      log.warn({ setting: name, error: String(error) }, 'a bound of the machine could not be widened: one site may use it up for all')
    }
  }
}

/**
 * What this process is limited to bounds all pods it makes together, for the kernel counts theirs again for root: processes, which cgroups bound, without end; signals that
 * wait and timers to half of root's, so that the host has the other half.
 */
export async function shareLimits(log: Logger): Promise<void> {
  const [, hard = ''] = /^Max pending signals +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  const limits = [...(hard === 'unlimited' ? [] : [`--sigpending=${Math.floor(Number(hard) / 2)}:${hard}`]), '--nproc=unlimited']
  for (const limit of limits) {
    await run(['prlimit', '--pid', String(process.pid), limit]).catch((error: unknown) => log.warn({ error: String(error) }, 'a limit of pods could not be set apart from that of root'))
  }
}
