// Waiting for a process that is being restarted: what it was asked is asked again, for a bounded time. Called around the provisioner's verbs.
import { setTimeout as pause } from 'node:timers/promises'
import { AubergeError } from '../../wire/error.ts'

/** Milliseconds: what the supervisor needs to restart a process several times. */
export const PATIENCE = 20_000
const LONGEST_PAUSE = 500

/** Calls `act` again while it fails with `unavailable`, for `patience` milliseconds; every verb it is used for is idempotent. */
export async function patiently<T>(act: () => Promise<T>, patience: number = PATIENCE): Promise<T> {
  const deadline = Date.now() + patience
  for (let wait = 20; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
    try {
      return await act()
    } catch (error) {
      if (!isAway(error) || Date.now() + wait > deadline) throw error
    }
    await pause(wait)
  }
}

/** Whether an error says that the other process isn't there, rather than that it refused. */
export function isAway(error: unknown): boolean {
  return error instanceof AubergeError && error.code === 'unavailable'
}
