// Giving a name up: route, DNS, pod, registry, in this order, finished at the next start when killed half-way. Called by front.ts and reconcile.ts.
import type { Account, Site } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Backup } from '../../provisioner/api.ts'
import { describe } from './backup/description.ts'
import { boundFinals } from './backup/finals.ts'
import { forgetRestore } from './backup/restore.ts'
import { pods, reserved, type Parts } from './parts.ts'
import { isAway, patiently } from './patience.ts'
import { keptOf } from './records.ts'

/** Milliseconds for which a name given up is its last owner's alone. */
const QUARANTINE = 30 * 24 * 3600 * 1000

type RemoveParts = Pick<Parts, 'registry' | 'provisioner' | 'states' | 'zone' | 'access' | 'diary' | 'history' | 'relays' | 'turns' | 'activity' | 'guests' | 'log'>

/** Resolves when nothing is left but the final backup (with `purge`, not even that). From its first step on it can't be stopped. */
export async function deleteSite(parts: RemoveParts, actor: Account, name: string, purge: boolean): Promise<void> {
  const { registry } = parts
  registry.transaction(() => {
    if (reserved(parts, name).phase === 'creating') throw new AubergeError('conflict', `${name} is being made: delete it when it is there`)
    registry.reservations.mark(name, purge ? 'purging' : 'deleting')
    registry.audit.add({ actor: actor.username, action: 'site.delete', subject: name, ...(purge ? { detail: 'without a backup' } : {}) })
  })
  try {
    await parts.turns.run(name, () => finishDelete(parts, name))
  } catch (error) {
    if (!isAway(error)) throw error
    throw new AubergeError('unavailable', `${name} is off the net and its files will be removed as soon as the provisioner is back`, { cause: error })
  }
}

/** Every step may have been done before. Runs in the site's turn. */
export async function finishDelete(parts: RemoveParts, name: string): Promise<void> {
  const { registry, states, relays, zone, access, diary, activity, guests, log } = parts
  const reservation = registry.reservations.get(name)
  if (!reservation || (reservation.phase !== 'deleting' && reservation.phase !== 'purging')) return
  const hosts = states.hosts(name)
  await relays.settled(states.forget(name))
  if (zone.get(name)) await zone.set(name, null)
  await access.remove(name)
  await diary.remove(name)
  await parts.history.remove(name)
  const site = registry.sites.get(name)
  const backup = site ? await destroy(parts, site, reservation.phase === 'purging') : null
  registry.transaction(() => {
    registry.domains.releaseAll(name, Date.now() + QUARANTINE)
    registry.reservations.remove(name, Date.now() + QUARANTINE)
    forgetRestore(parts, name)
    registry.audit.add({ actor: 'auberge', action: 'site.deleted', subject: name, ...(backup ? { detail: backupText(backup) } : {}) })
  })
  for (const host of hosts) activity.forget(host)
  guests.forget(name)
  if (backup) await boundFinals(parts, reservation.owner).catch((error: unknown) => { log.error({ err: error, site: name }, 'final backups could not be looked through: they are at the next deletion') })
}

async function destroy(parts: RemoveParts, site: Site, purge: boolean): Promise<Backup | null> {
  const how = purge ? { purge } as const : { description: describe({ ...site, ...keptOf(parts.registry.reservations.get(site.name)) }) }
  const { backup } = await patiently(() => pods(parts).destroy(site.name, how))
  return backup
}

/** How the audit log names a final backup. */
export function backupText({ id, bytes, keptUntil }: Backup): string {
  return `final backup ${id}, ${bytes} bytes, kept until ${new Date(keptUntil).toISOString().slice(0, 10)}`
}
