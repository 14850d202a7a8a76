// Another password for a site's database: told to the server and to the pod at once. Called by front.ts.
import { newDatabasePassword } from '../../registry/secret.ts'
import type { SiteChange } from '../../registry/registry.ts'
import { AubergeError } from '../../wire/error.ts'
import { siteOf } from './parts.ts'
import type { RestartParts } from './restart.ts'

type Update = (name: string, change: SiteChange) => Promise<void>

/**
 * Resolves when the new password counts. A site that runs is restarted between, its visitors held, for its program has read the old one when it
 * started; one that sleeps has the new one at its next start. `conflict` for a site that has no database.
 */
export async function rotateDatabase(parts: RestartParts, name: string, by: 'owner' | 'admin', update: Update): Promise<void> {
  const { status } = siteOf(parts, name)
  if (status.pod !== null && status.pod.database === null) throw new AubergeError('conflict', `${name} has no database: its name is one of the database server's own`)
  const runs = status.state === 'running'
  if (runs) await parts.sleeps.drain(name, { force: true })
  try {
    await update(name, { databasePassword: newDatabasePassword() })
  } finally {
    if (runs) await parts.wakes.wake(name, { by })
  }
  await parts.relays.settled(parts.table.version)
}
