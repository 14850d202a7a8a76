// A site's files one by one: listed, read, written, moved, removed. Called by verbs.ts. Each happens in a workshop, as the site's own root and in the
// site's own view of the file system: a link that a site planted leads to what the site can reach anyway, never to the host.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import type { FileChange, FileEntry, Listing } from '../api.ts'
import type { Host } from '../host.ts'
import { Queue } from '../queue.ts'
import { Seats } from '../seats.ts'
import { inWorkshop, openWorkshop, program, type Finished, type Workshop } from './workshop.ts'

/** Longest a look or a change may take, and an upload or a download. Milliseconds. */
const MOMENT = 60_000
const LONG = 60 * 60_000
/** Entries listed of a directory, and bytes its listing may take. */
const MOST_ENTRIES = 5_000
const MOST_BYTES = 2 * 2 ** 20

const FAILURES: Record<number, (path: string) => AubergeError> = {
  65: path => new AubergeError('forbidden', `${path} leads out of the site's home, /var/www`),
  66: path => new AubergeError('not_found', `there is no ${path || 'such directory'}`),
  73: path => new AubergeError('conflict', `${path || 'the home'} is of another kind: a directory where a file is meant, or the reverse`),
  75: path => new AubergeError('conflict', `${path} was changed by somebody else meanwhile; nothing was written. Load it again and look at both`),
  76: path => new AubergeError('conflict', `${path} is there already; choose another name`),
}

const seats = new Seats(8, 'operations on files')
const commits = new Queue()

const files = (...args: string[]): string[] => program('files', ...args)

/** What is in a directory, sorted by name, directories first. */
export function listFiles(host: Host, name: string, path: string): Promise<Listing> {
  return seated(host, name, shop => listed(shop, path))
}

async function listed(shop: Workshop, path: string): Promise<Listing> {
  const child = shop.start(files('list', path))
  child.stdin.end()
  child.stderr.resume()
  const closed = once(child, 'close') as Promise<[number | null]>
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if ((size += chunk.length) > MOST_BYTES) return { entries: entriesOf(Buffer.concat(chunks)).slice(0, MOST_ENTRIES), truncated: true }
  }
  const [status] = await closed
  if (status !== 0) throw failure({ status: status ?? 137, stdout: '', stderr: '' }, path)
  const entries = entriesOf(Buffer.concat(chunks))
  return { entries: entries.slice(0, MOST_ENTRIES), truncated: entries.length > MOST_ENTRIES }
}

/** Five fields an entry, each ended by NUL; what a cut left of the last one doesn't count. */
function entriesOf(told: Buffer): FileEntry[] {
  const fields = told.toString('latin1').split('\0')
  const entries: FileEntry[] = []
  for (let at = 0; at + 5 < fields.length; at += 5) entries.push(entryOf(fields.slice(at, at + 5)))
  return entries.sort((one, other) => Number(other.type === 'directory') - Number(one.type === 'directory') || (one.name < other.name ? -1 : 1))
}

const TYPES: Record<string, FileEntry['type']> = { f: 'file', d: 'directory' }

function entryOf([kind = '', leads = '', size = '', time = '', name = '']: string[]): FileEntry {
  const bytes = Buffer.from(name, 'latin1')
  const text = bytes.toString('utf8')
  const sound = Buffer.from(text, 'utf8').equals(bytes) && !/[\x00-\x1f\x7f]/.test(text)
  return { name: text, type: sound ? TYPES[leads] ?? 'other' : 'other', link: kind === 'l', size: kind === 'f' ? Number(size) : 0, modifiedAt: Math.round(Number(time) * 1000) }
}

/** A line of JSON with size and version, then the content; it fails when it can't bring all of it. */
export async function readFile(host: Host, name: string, path: string): Promise<Readable> {
  const rise = seats.take(host.data, name)
  const shop = await openWorkshop(host, name, LONG).catch(error => { rise(); throw error })
  const child = shop.start(files('read', path))
  child.stdin.end()
  child.stderr.resume()
  child.stdout.once('close', () => void shop.close().finally(rise).catch((error: unknown) => { host.log.error({ site: name, error: String(error) }, 'a workshop was left behind') }))
  await begun(child, path)
  return child.stdout
}

/** Resolves at the first bytes. */
async function begun(child: ReturnType<Workshop['start']>, path: string): Promise<void> {
  const closed = once(child, 'close') as Promise<[number | null]>
  await Promise.race([once(child.stdout, 'readable'), closed])
  if (child.stdout.readableLength > 0) return
  child.stdout.resume()
  const [status] = await closed
  throw failure({ status: status ?? 137, stdout: '', stderr: '' }, path)
}

/** Puts `body` in the place of the file, or makes it. `expected`: the version it must have, `-` for none, '' for whatever is there. `conflict` where it hasn't. */
export function writeFile(host: Host, name: string, path: string, expected: string, body: Readable): Promise<{ version: string }> {
  const token = randomBytes(12).toString('hex')
  body.on('error', () => {})
  return seated(host, name, async shop => {
    try {
      done(await shop.run(files('store', token), body), path)
      const { stdout } = done(await commits.run(`${host.data}\0${name}`, () => shop.run(files('commit', token, path, expected))), path)
      return { version: stdout.trim() }
    } catch (error) {
      await shop.run(files('forget', token)).catch(() => {})
      throw error
    }
  }, LONG)
}

/** Makes a directory, moves or removes an entry. */
export async function changeFiles(host: Host, name: string, change: FileChange): Promise<void> {
  const words = change.do === 'move' ? [change.from, change.to] : [change.path]
  await seated(host, name, async shop => done(await shop.run(files(change.do, ...words)), change.do === 'move' ? `${change.from} or ${change.to}` : change.path))
}

async function seated<T>(host: Host, name: string, work: (shop: Workshop) => Promise<T>, time = MOMENT): Promise<T> {
  const rise = seats.take(host.data, name)
  return inWorkshop(host, name, time, work).finally(rise)
}

function done(finished: Finished, path: string): Finished {
  if (finished.status === 0) return finished
  throw failure(finished, path)
}

function failure({ status, stderr }: Finished, path: string): AubergeError {
  if (/No space left on device|Disk quota exceeded/.test(stderr)) return new AubergeError('too_large', "the site's disk is full; nothing was changed. Delete something, or ask for a larger disk")
  const known = FAILURES[status]
  if (known) return known(path)
  return new AubergeError('failed', `the files could not be changed; all is as before. ${stderr.replace(/[^\x20-\x7e\n]/g, '?').trim().slice(-300)}`)
}
