// Restarting a site without a visitor noticing: requests are held as for a wake, those in flight end first. Called by front.ts, after a deploy that
// an application must be restarted for, and by roll.ts for one site after the other.
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import { siteOf, type Parts } from './parts.ts'
import type { Sleeps } from './sleeps.ts'
import type { Wakes } from './wakes.ts'

export type RestartParts = Parts & { wakes: Wakes; sleeps: Sleeps }

/** Resolves when the site runs again and every relay knows. `conflict` where long requests are in flight; with `force` they are cut off after some seconds. */
export async function restart(parts: RestartParts, name: string, by: 'owner' | 'admin', { force = false } = {}): Promise<void> {
  const { status } = siteOf(parts, name)
  if (status.suspended !== null) throw new AubergeError('forbidden', `${name} is suspended: ${status.suspended}`)
  await parts.sleeps.drain(name, { force })
  await parts.wakes.wake(name, { by })
  await parts.relays.settled(parts.table.version)
}

/** As whom somebody wakes a site. */
export function byOf(actor: Account, owner: number | undefined): 'owner' | 'admin' {
  return actor.id === owner ? 'owner' : 'admin'
}

/** After a deploy: an application that runs has read its files already. That it doesn't start again is its owner's to see, by the state of the site. */
export async function restartForRelease(parts: RestartParts, name: string, by: 'owner' | 'admin'): Promise<void> {
  if (parts.states.get(name)?.state !== 'running') return
  await restart(parts, name, by, { force: true }).catch((error: unknown) => { parts.log.info({ err: error, site: name }, 'a site did not start with its new release') })
}
