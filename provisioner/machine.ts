// What the kernel counts for the whole machine, or for root, who made all pods: bounds so wide that no site can use them up for the others. Called at start.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Logger } from '../wire/log.ts'

/**
 * Least values below /proc/sys. A pod is held by its own limits: each process costs it one of its own, and each instance or watch of inotify some of its memory.
 * inotify counts in a user namespace, and again for whoever made it: at the kernel's 128 instances one pod leaves none to the host.
 */
const LEAST: Record<string, number> = { 'fs/inotify/max_user_instances': 2 ** 20, 'fs/inotify/max_user_watches': 2 ** 24, 'kernel/pid_max': 2 ** 22 }

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
