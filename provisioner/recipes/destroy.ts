// Ends a site: a final backup, then nothing is left. Called by the server, in the site's queue.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { places } from '../../wire/house.ts'
import type { Backup } from '../api.ts'
import type { Host } from '../host.ts'
import { backupTo } from '../workshop/backup.ts'
import { erase } from './erase.ts'

const KEPT = 30 * 24 * 3600 * 1000
/** How a backup ends that isn't whole yet: only a whole one has its name. */
const PARTIAL = '.partial'
const FILE = /^[a-z0-9-]+-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar\.gz$/

/** A site that isn't there is destroyed already. Where the backup fails, the site stays. */
export async function destroy(host: Host, name: string, { purge = false }: { purge?: boolean } = {}): Promise<{ backup: Backup | null }> {
  if (!host.states.has(name)) return { backup: null }
  const backup = purge ? null : await finalBackup(host, name)
  await host.states.save({ ...host.states.site(name), intent: 'destroy' })
  await erase(host, name)
  return { backup }
}

async function finalBackup(host: Host, name: string): Promise<Backup> {
  const { backups } = places(host.data)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const now = Date.now()
  const file = `${backups}/${name}-${new Date(now).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')}.tar.gz`
  const partial = `${file}${PARTIAL}`
  await backupTo(host, name, partial).catch(async error => {
    await rm(partial, { force: true })
    throw error
  })
  await rename(partial, file)
  return { file, bytes: (await stat(file)).size, keptUntil: now + KEPT }
}

/** Removes what backups left that a kill interrupted. Called at start, before anything is served. */
export async function dropPartialBackups(host: Host): Promise<void> {
  const { backups } = places(host.data)
  for (const name of await readdir(backups).catch(() => [])) if (name.endsWith(PARTIAL)) await rm(`${backups}/${name}`, { force: true })
}

/** Removes final backups older than 30 days. */
export async function expireBackups(host: Host, now = Date.now()): Promise<void> {
  const { backups } = places(host.data)
  for (const name of await readdir(backups).catch(() => [])) {
    const match = FILE.exec(name)
    if (!match) continue
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
    if (Date.UTC(year, month - 1, day, hour, minute, second) + KEPT < now) await rm(`${backups}/${name}`, { force: true })
  }
}
