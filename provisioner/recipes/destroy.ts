// Ends a site: a final backup, then nothing is left. Called by the server, in the site's queue.
import type { Backup } from '../api.ts'
import { keepBackup } from '../final.ts'
import type { Host } from '../host.ts'
import { siteCgroup } from '../instance.ts'
import { backupTo } from '../workshop/backup.ts'
import { erase } from './erase.ts'
import { goCold } from './prepare.ts'

/**
 * A site that isn't there is destroyed already. `description`: what its final backup begins with; null: it gets none. Everything in the site ends first, so
 * that the backup is of one moment. Where the backup fails, the site stays, cold.
 */
export async function destroy(host: Host, name: string, description: string | null): Promise<{ backup: Backup | null }> {
  if (!host.states.has(name)) return { backup: null }
  const backup = description === null ? null : await finalBackup(host, name, description)
  await host.states.save({ ...host.states.site(name), intent: 'destroy' })
  await erase(host, name)
  return { backup }
}

async function finalBackup(host: Host, name: string, description: string): Promise<Backup> {
  await host.cgroups.kill(siteCgroup(host.instance, name))
  await goCold(host, name)
  return keepBackup(host, name, file => backupTo(host, name, description, file))
}
