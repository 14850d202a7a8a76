// A site's files as one tar.gz, and back. Called by the server; made inside a workshop, so nothing on the host follows the site's links.
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createWriteStream } from 'node:fs'
import { AubergeError } from '../../wire/error.ts'
import type { Host } from '../host.ts'
import { Seats } from '../seats.ts'
import { alone, unpacked } from './deploy.ts'
import { listReleases, type Releases } from './releases.ts'
import { inWorkshop, openWorkshop, program, type Workshop } from './workshop.ts'

/** Longest a backup or a restore may take. Milliseconds. */
const TIME = 2 * 60 * 60_000
/** tar's status for "a file changed as we read it": normal for a site that is awake. */
const CHANGED = 1

const seats = new Seats(2, 'backups')

/** A tar.gz of everything under /var/www as a stream; it fails (and so never ends) when it isn't complete. */
export async function backup(host: Host, name: string): Promise<Readable> {
  const rise = seats.take(host.data, name)
  const shop = await openWorkshop(host, name, TIME).catch(error => { rise(); throw error })
  const out = new PassThrough()
  void stream(shop, out).catch(error => out.destroy(error)).finally(() => shop.close().finally(rise))
  out.once('close', () => void shop.close())
  return out
}

/** Writes the backup to a new file that only root may read, on disk for good when it resolves. A failed one is the caller's to remove. */
export async function backupTo(host: Host, name: string, file: string): Promise<void> {
  await pipeline(await backup(host, name), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
}

/** Replaces everything under /var/www by a plain tar: unpacked beside, then swapped. Undone on any failure. `too_large` on a full disk. */
export function restore(host: Host, name: string, tar: Readable): Promise<Releases> {
  return alone(host, name, () => inWorkshop(host, name, TIME, async shop => {
    try {
      await expect(shop, name, 'restore', tar)
      await expect(shop, name, 'swap')
    } catch (error) {
      await shop.run(program('forget')).catch(() => {})
      throw error
    }
    return listReleases(shop)
  }), tar)
}

async function stream(shop: Workshop, out: PassThrough): Promise<void> {
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
  out.end()
}

async function expect(shop: Workshop, name: string, step: string, tar?: Readable): Promise<void> {
  const { status, stderr } = await shop.run(program(step), tar)
  if (status !== 0) throw unpacked(name, stderr)
}
