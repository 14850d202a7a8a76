// A site's backup: one tar.gz of a description of the site that whoever asks for the backup brings along, its database as SQL, and its files.
// Called by the server and, for a final backup, by destroy. Its files are read in a workshop, so nothing on the host follows the site's links.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { AubergeError } from '../../wire/error.ts'
import type { Host } from '../host.ts'
import { snapshotsPlace } from '../places.ts'
import { snapshot } from '../snapshot.ts'
import { dumpDatabase, writeDump, type Dump } from './database.ts'
import { openWorkshop, program, type Workshop } from './workshop.ts'

/** Longest a backup may take. Milliseconds. */
const TIME = 2 * 60 * 60_000
/** tar's status for "a file changed as we read it", which it says of times, too. */
const CHANGED = 1
/** The entry a backup begins with. */
const DESCRIPTION = 'auberge.json'

/** The backup of a site as it is now, whether it runs or not, as a stream; it fails (and so never ends) when it isn't complete. */
export async function backup(host: Host, name: string, description: string): Promise<Readable> {
  const sql = await spool(host, name)
  let dump: Dump | null = null
  const { directory, remove } = await snapshot(host, name, async () => { dump = await dumpDatabase(host, name, sql) }).catch(dropped(sql))
  const clear = () => remove().finally(() => rm(sql, { force: true }))
  try {
    return written(host, await openWorkshop(host, name, TIME, { volume: directory }), description, dump, clear)
  } catch (error) {
    await clear()
    throw error
  }
}

/** Writes the backup of a site of which nothing runs to a new file that only root may read, on disk for good when it resolves. A failed one is the caller's to remove. */
export async function backupTo(host: Host, name: string, description: string, file: string): Promise<void> {
  const sql = await spool(host, name)
  try {
    const dump = await dumpDatabase(host, name, sql)
    const archive = written(host, await openWorkshop(host, name, TIME), description, dump)
    await pipeline(archive, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
  } finally {
    await rm(sql, { force: true })
  }
}

/** Where a dump waits until it is written; what a killed provisioner left there goes with its snapshots. */
async function spool({ data }: Host, name: string): Promise<string> {
  await mkdir(snapshotsPlace(data), { recursive: true, mode: 0o700 })
  return `${snapshotsPlace(data)}/${name}.${randomBytes(6).toString('hex')}.sql.gz`
}

const dropped = (file: string) => async (error: unknown): Promise<never> => {
  await rm(file, { force: true })
  throw error
}

function written({ log }: Host, shop: Workshop, description: string, dump: Dump | null, after = async () => {}): Readable {
  const out = new PassThrough()
  void write(shop, description, dump, out).then(() => out.end(), error => out.destroy(error))
  // Whole, failed or left by its reader: nothing of it stays on the host.
  out.once('close', () => void shop.close().then(after).catch((error: unknown) => { log.error({ error: String(error) }, 'what a backup left goes at the next start') }))
  return out
}

/** Gzip members that are pieces of one tar (RFC 1952 section 2.2); the files' brings the end. */
async function write(shop: Workshop, description: string, dump: Dump | null, out: PassThrough): Promise<void> {
  out.write(gzipSync(await member(DESCRIPTION, description)))
  if (dump) await writeDump(dump, out)
  await writeFiles(shop, out)
}

/** One entry of a tar, without the end that a tar has (two blocks of zeros). */
async function member(name: string, text: string): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name, mode: 0o600 }, text)
  tar.finalize()
  return (await buffer(tar)).subarray(0, -1024)
}

async function writeFiles(shop: Workshop, out: PassThrough): Promise<void> {
  const child = shop.start(program('backup'))
  child.stdin.end()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString('latin1')).slice(-2000) })
  child.stdout.pipe(out, { end: false })
  // A reader that left reads no more; what it left unread must not keep the pipe.
  out.once('close', () => child.stdout.destroy())
  const [status] = (await once(child, 'close')) as [number | null]
  if (shop.late) throw shop.late
  if (status !== 0 && status !== CHANGED) throw new AubergeError('failed', `the backup is incomplete; try again. tar said: ${said.replace(/[^\x20-\x7e\n]/g, '?').trim().slice(-500)}`)
}
