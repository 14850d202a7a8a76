// The desk's verbs on final backups of deleted sites: listing, fetching, removing and bringing one back. Called by front.ts.
import type { Readable } from 'node:stream'
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Desk, FinalView } from '../desk.ts'
import { finals, lastOwner } from './backup/finals.ts'
import { restoreSite } from './backup/restore.ts'
import { createSite } from './create.ts'
import { pods } from './parts.ts'
import { deleteSite } from './remove.ts'
import type { RestartParts } from './restart.ts'

type FinalVerbs = Pick<Desk, 'finalBackups' | 'finalBackup' | 'dropFinalBackup' | 'revive'>
type Record = (actor: Account, action: string, subject: string, detail?: string) => void

export function finalVerbs(parts: RestartParts, record: Record): FinalVerbs {
  return {
    finalBackups: async owner => (await finals(parts)).filter(each => owner === undefined || each.owner === owner.username),
    finalBackup: async id => await pods(parts).finalBackup(id),
    async dropFinalBackup(actor, id) {
      await pods(parts).dropFinalBackup(id)
      record(actor, 'final.remove', id)
    },
    async revive(actor, id, name) {
      const backup = (await finals(parts)).find(each => each.id === id)
      if (!backup) throw new AubergeError('not_found', `there is no final backup ${id}`)
      await revive(parts, actor, backup, name ?? backup.name)
      record(actor, 'site.revive', name ?? backup.name, `from ${id}`)
    },
  }
}

/** Into the site of that name, or into a new one of the backup's owner, which is gone again where the restore fails. */
async function revive(parts: RestartParts, actor: Account, backup: FinalView, name: string): Promise<void> {
  const owner = lastOwner(parts, backup.name) ?? actor
  if (owner.id === 0 && parts.registry.reservations.get(name) === null) throw new AubergeError('invalid', `nobody is left whose site ${name} was: make the site first (site create ${name} --owner ACCOUNT), then restore to it`)
  const body: Readable = await pods(parts).finalBackup(backup.id)
  try {
    const made = await settle(parts, actor, owner, name)
    await restoreSite(parts, actor, { name, body, trust: 'house' }).catch(async (error: unknown) => {
      if (made) await remove(parts, actor, name)
      throw error
    })
  } finally {
    body.destroy()
  }
}

/** Whether the name was free and was made for `owner`; one that is there has to be the actor's, whoever took it since the actor looked. */
async function settle(parts: RestartParts, actor: Account, owner: Account, name: string): Promise<boolean> {
  const there = parts.registry.reservations.get(name)
  if (there === null) {
    await createSite(parts, actor, { name, owner })
    return true
  }
  if (there.owner === actor.id || actor.role === 'admin') return false
  throw new AubergeError('name_taken', `${name} is taken: choose another name`)
}

async function remove(parts: RestartParts, actor: Account, name: string): Promise<void> {
  await deleteSite(parts, actor, name, true).catch((cause: unknown) => { parts.log.error({ err: cause, site: name }, 'a site that could not be brought back could not be removed') })
}
