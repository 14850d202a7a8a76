// Everything of one account as a zip that is written while it is read: the account as JSON, a backup of each site, the final backups of deleted ones.
// Called by api/account.ts.
import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Room } from './parts.ts'

/** Lines of the audit log that go with an account. */
const LINES = 10_000

/** The zip. Nothing of it waits in memory or on the disk; whoever stops reading stops the backup under way. */
export function exportOf(room: Room, account: Account): Readable {
  const zip = new ZipFile()
  const out = new PassThrough()
  zip.outputStream.pipe(out)
  void fill(room, account, zip, out).then(() => zip.end(), (error: Error) => out.destroy(error))
  return out
}

async function fill(room: Room, account: Account, zip: ZipFile, out: Readable): Promise<void> {
  zip.addBuffer(Buffer.from(`${JSON.stringify(described(room, account), null, 2)}\n`), 'account.json')
  for (const { name, kind } of room.registry.reservations.list(account.id)) {
    if (kind === 'site') await add(zip, out, `sites/${name}`, () => room.desk.backup(name))
  }
  for (const { id } of await finals(room, account)) await add(zip, out, `deleted/${id}`, () => room.desk.finalBackup(id))
}

/** A house without pods has none. */
async function finals(room: Room, account: Account) {
  try {
    return await room.desk.finalBackups(account)
  } catch (error) {
    if (error instanceof AubergeError && error.code === 'unavailable') return []
    throw error
  }
}

/** What can't be backed up just now is said in its place, and the rest still comes. */
async function add(zip: ZipFile, out: Readable, path: string, open: () => Promise<Readable>): Promise<void> {
  if (out.destroyed) throw new Error('nobody reads on')
  const source = await open().catch((error: unknown) => String(error instanceof AubergeError ? error.message : 'it failed'))
  if (typeof source === 'string') return zip.addBuffer(Buffer.from(`Not in this export: ${source}\n`), `${path}.missing.txt`)
  const leave = () => { source.destroy() }
  out.once('close', leave)
  zip.addReadStream(source, `${path}.tar.gz`, { compress: false })
  await finished(source, { writable: false })
  out.off('close', leave)
}

/** No secret is among it: of sessions and tokens the house itself knows none. */
function described(room: Room, account: Account) {
  const { registry, desk } = room
  const { id, username, role, suspended, createdAt, language } = account
  return {
    username, role, suspended, createdAt: new Date(createdAt).toISOString(), language,
    sites: desk.list(account), names: registry.reservations.list(id), tokens: registry.tokens.list(id), sessions: registry.sessions.list(id),
    audit: registry.audit.list(LINES, { by: username }),
  }
}
