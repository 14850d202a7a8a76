// Whether a pod's first process still is. Called by the wake's probe, the watch and reconcile. Node has no pidfd, so a pid goes with its start time.
import { readFileSync } from 'node:fs'

type Stat = { state: string; start: string }

/** From /proc/PID/stat (proc(5), fields 3 and 22); null where there is no such process. */
export function processStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', start: fields[19] ?? '' }
  } catch {
    return null
  }
}

/** The start time that goes with a pid, in clock ticks since boot; empty for a process that has ended. */
export const startOf = (pid: number) => processStat(pid)?.start ?? ''

/** Whether the process of that pid and start time runs; one that has ended and waits to be collected doesn't. */
export function alive({ pid, start }: { pid: number; start: string }): boolean {
  if (pid <= 0) return false
  const stat = processStat(pid)
  return stat !== null && stat.start === start && stat.state !== 'Z' && stat.state !== 'X'
}

/** A cheaper look: false only when there surely is no such process. */
export function perhapsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
