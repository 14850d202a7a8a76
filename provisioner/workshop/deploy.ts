// Makes an uploaded tree the site's document root in one step, and goes back to an earlier one. Called by the server.
// All of it happens in a workshop, as the site's own ids: whatever the site planted in its volume, only the site can meet it.
import type { Readable } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import type { Host } from '../host.ts'
import { isReleaseName, listReleases, releaseName, thinOut, type Releases } from './releases.ts'
import { inWorkshop, program, type Finished, type Workshop } from './workshop.ts'

/** Longest a deploy may take, upload included. Milliseconds. */
const DEPLOY_TIME = 30 * 60_000
const ROLLBACK_TIME = 60_000

const NOT_A_DIRECTORY = 73
const NOT_PLAIN = 65
const NO_RELEASE = 66

const busy = new Set<string>()

/**
 * Unpacks a plain tar of regular files and directories as a new release and switches the document root to it.
 * It commits only when `tar` ended well: an error of the stream, a full disk (`too_large`), anything else that fails undoes all.
 * `conflict` while another deploy of the site is under way.
 */
export function deploy(host: Host, name: string, tar: Readable): Promise<Releases & { release: string }> {
  const begun = Date.now()
  const release = releaseName(new Date(begun))
  // A moment earlier, so that a document root the owner made sorts before what replaces it.
  const kept = releaseName(new Date(begun - 1))
  return alone(host, name, () => inWorkshop(host, name, DEPLOY_TIME, async shop => {
    try {
      judge(name, await shop.run(program('unpack', release), tar))
      await turn(shop, name, release, kept, 'new')
    } catch (error) {
      await shop.run(program('remove', `${release}.partial`)).catch(() => {})
      throw error
    }
    return { ...await thinOut(shop, await listReleases(shop)), release }
  }), tar)
}

/** Makes an earlier release the document root again. `not_found` where the volume has none of that name. */
export async function rollback(host: Host, name: string, release: string): Promise<Releases & { release: string }> {
  if (!isReleaseName(release)) throw new AubergeError('invalid', `"${release}" is not a release's name; the site's page lists them`)
  return alone(host, name, () => inWorkshop(host, name, ROLLBACK_TIME, async shop => {
    await turn(shop, name, release, releaseName(), 'old')
    return { ...await listReleases(shop), release }
  }))
}

async function turn(shop: Workshop, name: string, release: string, kept: string, age: 'new' | 'old'): Promise<void> {
  const done = await shop.run(program('switch', release, kept, age))
  if (done.status === NO_RELEASE) throw new AubergeError('not_found', `the site ${name} has no release ${release}; its page lists those it has`)
  judge(name, done)
}

/** One change of a site's releases at a time; a tar that is refused is read to its end, so that the answer arrives. */
export async function alone<T>(host: Host, name: string, work: () => Promise<T>, tar?: Readable): Promise<T> {
  const key = `${host.data}\0${name}`
  // It may fail before the workshop is open and reads it.
  tar?.on('error', () => {})
  if (busy.has(key)) {
    tar?.resume()
    throw new AubergeError('conflict', `another deploy or restore of ${name} is under way; try again when it is done`)
  }
  busy.add(key)
  try {
    return await work()
  } finally {
    busy.delete(key)
  }
}

/** Throws what a program's end means for whoever deployed. */
function judge(name: string, { status, stderr }: Finished): void {
  if (status === 0) return
  if (status === NOT_A_DIRECTORY) throw new AubergeError('conflict', `/var/www/releases of ${name} is not a directory; move it away in the site's shell, then deploy again`)
  if (status === NOT_PLAIN) throw new AubergeError('bad_archive', 'the archive holds something that is neither a file nor a directory')
  throw unpacked(name, stderr)
}

/** What tar's complaint means. Its text may hold names that the site or the uploader chose, so it is cut short and made printable. */
export function unpacked(name: string, stderr: string): AubergeError {
  const said = stderr.replace(/[^\x20-\x7e\n]/g, '?').trim().slice(-500)
  if (/No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/.test(stderr)) {
    return new AubergeError('too_large', `the disk of ${name} is full; nothing was changed. Delete old releases or other files, or ask for a larger disk`)
  }
  if (/^tar: /m.test(stderr)) return new AubergeError('bad_archive', `the archive could not be unpacked; nothing was changed. tar said: ${said}`)
  return new AubergeError('failed', `the files of ${name} could not be changed; all is as before. ${said}`)
}
