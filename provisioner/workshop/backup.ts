// A site's backup: one tar.gz of what stands in PARTS, after a description of the site that whoever asks for the backup brings along.
// Called by the server and, for a final backup, by destroy. Its files are read in a workshop, so nothing on the host follows the site's links.
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { AubergeError } from '../../wire/error.ts'
import type { Host } from '../host.ts'
import { snapshot } from '../snapshot.ts'
import { openWorkshop, program, type Workshop } from './workshop.ts'

/** Longest a backup may take. Milliseconds. */
const TIME = 2 * 60 * 60_000
/** tar's status for "a file changed as we read it", which it says of times, too. */
const CHANGED = 1
/** The entry a backup begins with. */
const DESCRIPTION = 'auberge.json'

/**
 * What a backup holds after its description, in this order: gzip members that are pieces of one tar (RFC 1952 section 2.2). A part whose size is known
 * beforehand (a database, dumped by snapshot's `meanwhile`) goes before the files, whose tar brings the end.
 */
const PARTS: readonly Part[] = [writeFiles]
type Part = (shop: Workshop, out: PassThrough) => Promise<void>

/** The backup of a site as it is now, whether it runs or not, as a stream; it fails (and so never ends) when it isn't complete. */
export async function backup(host: Host, name: string, description: string): Promise<Readable> {
  const { directory, remove } = await snapshot(host, name)
  try {
    return written(host, await openWorkshop(host, name, TIME, { volume: directory }), description, remove)
  } catch (error) {
    await remove()
    throw error
  }
}

/** Writes the backup of a site of which nothing runs to a new file that only root may read, on disk for good when it resolves. A failed one is the caller's to remove. */
export async function backupTo(host: Host, name: string, description: string, file: string): Promise<void> {
  const archive = written(host, await openWorkshop(host, name, TIME), description)
  await pipeline(archive, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
}

function written({ log }: Host, shop: Workshop, description: string, after = async () => {}): Readable {
  const out = new PassThrough()
  void write(shop, description, out).then(() => out.end(), error => out.destroy(error))
  // Whole, failed or left by its reader: nothing of it stays on the host.
  out.once('close', () => void shop.close().then(after).catch((error: unknown) => { log.error({ error: String(error) }, 'what a backup left goes at the next start') }))
  return out
}

async function write(shop: Workshop, description: string, out: PassThrough): Promise<void> {
  out.write(gzipSync(await member(DESCRIPTION, description)))
  for (const part of PARTS) await part(shop, out)
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
