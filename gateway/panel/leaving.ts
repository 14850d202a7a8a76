// When somebody who is inside a site has to leave: a console, a command. Called by api/console.ts and api/exec.ts.
import type { FastifyRequest } from 'fastify'
import { stillMayChange } from './gate.ts'
import type { Room } from './parts.ts'

/** Milliseconds between two looks at whether the person may still be there. */
const LOOK = 2_000

/**
 * Calls `end` once the session or token is revoked, the account suspended, the site gone, or the panel closes; returns what stops looking. `site`: also once that
 * is suspended.
 */
export function leaving(room: Room, request: FastifyRequest, site: string | null): (end: (why: string) => void) => () => void {
  return end => {
    const stop = new AbortController()
    const look = async (): Promise<void> => {
      if (!stillMayChange(room, request) || (site !== null && await isSuspended(room, site))) end('revoked')
    }
    const timer = setInterval(() => void look().catch(() => end('revoked')), LOOK)
    const closing = (): void => end('closing')
    room.closing.addEventListener('abort', closing, { once: true, signal: stop.signal })
    return () => { clearInterval(timer); stop.abort() }
  }
}

export async function isSuspended(room: Room, name: string): Promise<boolean> {
  return (await room.desk.view(name)).state === 'suspended'
}
