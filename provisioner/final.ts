// Final backups: what is left of deleted sites for a while, in a directory of its own that only root may enter. Written by recipes/destroy.ts,
// read and removed by the server, swept at start and daily.
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { AubergeError } from '../wire/error.ts'
import { flushed } from '../wire/flushed.ts'
import { places } from '../wire/house.ts'
import type { Backup } from './api.ts'
import type { Host } from './host.ts'

/** Milliseconds one is kept; how many of a name, and in all: beyond that the oldest go. */
const KEPT = 30 * 24 * 3600 * 1000
const MOST_OF_NAME = 3
const MOST = 1000
/** How one ends that isn't whole yet: only a whole one has its name. */
const PARTIAL = '.partial'
const END = '.tar.gz'
const ID = /^([a-z0-9-]{1,63})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/

const fileOf = (host: Host, id: string) => `${places(host.data).backups}/${id}${END}`

/** Has `write` make the file of a backup, which has its name once it is whole and on the disk; then sweeps. */
export async function keepBackup(host: Host, name: string, write: (file: string) => Promise<void>): Promise<Backup> {
  const { backups } = places(host.data)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const id = `${name}-${new Date().toISOString().replace(/[-:.]/g, '')}`
  const partial = `${fileOf(host, id)}${PARTIAL}`
  try {
    await write(partial)
    await rename(partial, fileOf(host, id))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  await flushed(backups)
  await sweepBackups(host)
  return required(await viewOf(host, id), id)
}

/** The newest first. */
export async function listBackups(host: Host): Promise<Backup[]> {
  const files = await readdir(places(host.data).backups).catch(() => [])
  const ids = files.filter(file => file.endsWith(END)).map(file => file.slice(0, -END.length))
  const found = await Promise.all(ids.map(id => viewOf(host, id)))
  return found.filter(backup => backup !== null).sort((a, b) => b.madeAt - a.madeAt || (a.id < b.id ? -1 : 1))
}

export async function readBackup(host: Host, id: string): Promise<Readable> {
  required(await viewOf(host, id), id)
  return createReadStream(fileOf(host, id))
}

export async function dropBackup(host: Host, id: string): Promise<void> {
  required(await viewOf(host, id), id)
  await rm(fileOf(host, id), { force: true })
}

/** Removes those that are too old or too many. */
export async function sweepBackups(host: Host, now = Date.now()): Promise<void> {
  const all = await listBackups(host)
  const ofName = (backup: Backup) => all.filter(each => each.name === backup.name).indexOf(backup)
  const surplus = all.filter((backup, index) => backup.keptUntil < now || index >= MOST || ofName(backup) >= MOST_OF_NAME)
  for (const { id } of surplus) await rm(fileOf(host, id), { force: true })
}

/** Removes what backups left that a kill interrupted. Called at start, before anything is served. */
export async function dropPartialBackups(host: Host): Promise<void> {
  const { backups } = places(host.data)
  for (const file of await readdir(backups).catch(() => [])) if (file.endsWith(PARTIAL)) await rm(`${backups}/${file}`, { force: true })
}

async function viewOf(host: Host, id: string): Promise<Backup | null> {
  const [, name, ...moment] = ID.exec(id) ?? []
  if (name === undefined) return null
  const about = await stat(fileOf(host, id)).catch(() => null)
  if (!about?.isFile()) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0] = moment.map(Number)
  const madeAt = Date.UTC(year, month - 1, day, hour, minute, second, millisecond)
  return { id, name, bytes: about.size, madeAt, keptUntil: madeAt + KEPT }
}

function required(backup: Backup | null, id: string): Backup {
  if (backup) return backup
  throw new AubergeError('not_found', `there is no final backup ${id.slice(0, 100)}; it may have been removed, for they are kept for 30 days`)
}
