// Takes images out of the store: those an administrator names, those nobody needs any more, and what was left half made. Called by verbs,
// at start and once a day; every change is made under the store's lock.
import { readdirSync, renameSync } from 'node:fs'
import { execa } from 'execa'
import { AubergeError } from '../../wire/error.ts'
import { unmount } from '../commands/volume.ts'
import { lock } from '../lock.ts'
import { run } from '../run.ts'
import { mountPoints } from '../volume.ts'
import { needsOf, type Needs } from './needs.ts'
import { IMAGES, list, parseReference, type Image } from './store.ts'

/** How long the version before the newest is kept although nobody uses it: to go back to. Milliseconds. */
const KEPT = 7 * 24 * 3600 * 1000

/** What a site is made of where nobody says otherwise, and what the house's databases are on: each goes on having a version. */
const NEEDED = ['php', 'mariadb']

type Asked = (store: string) => Needs

const reference = ({ name, version }: Image): string => `${name}@${version}`

/**
 * Removes one version (`php@1`), or every version of an image (`node`). `conflict` for what a site of any house of this machine has or is set to,
 * and for the newest of an image by itself; `not_found`; `invalid` for what is neither.
 */
export async function removeImage(name: string, store = IMAGES, needsIn: Asked = needsOf): Promise<void> {
  const one = parseReference(name)
  if (!one && !/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) throw new AubergeError('invalid', `"${name}" is neither an image's name nor a version of one; write it as php or php@1`)
  await locked(store, async () => {
    const doomed = list(store).filter(image => (one ? reference(image) === name : image.name === name))
    if (doomed.length === 0) throw new AubergeError('not_found', `there is no image ${name}; image list shows them`)
    refuseIfNeeded(name, doomed, store, needsIn(store))
    for (const image of doomed) if (!await discard(image, store, needsIn)) throw inUse(reference(image))
  })
}

/**
 * Removes the versions nobody needs. What stays: the newest of each image, those that pods are on or sites are set to, and for a week the one before
 * the newest, so that there is something to go back to. Resolves with what went.
 */
export async function tidy(store = IMAGES, now = Date.now(), needsIn: Asked = needsOf): Promise<string[]> {
  if (surplus(list(store), needsIn(store), now).length === 0) return []
  return locked(store, async () => {
    const gone: string[] = []
    for (const image of surplus(list(store), needsIn(store), now)) if (await discard(image, store, needsIn)) gone.push(reference(image))
    return gone
  })
}

/** Pure: which of all images (by name, oldest first) are not needed. */
export function surplus(images: Image[], { versions }: Needs, now: number): Image[] {
  return images.filter((image, index) => {
    const later = images.slice(index + 1).filter(other => other.name === image.name)
    const newest = later.at(-1)
    if (newest === undefined || versions.has(reference(image))) return false
    return later.length > 1 || newest.builtAt + KEPT < now
  })
}

function refuseIfNeeded(name: string, doomed: Image[], store: string, { versions, names }: Needs): void {
  const needed = doomed.find(image => versions.has(reference(image)))
  if (needed) throw inUse(reference(needed))
  if (NEEDED.includes(name)) throw new AubergeError('conflict', `${name} is what ${name === 'php' ? 'new sites are' : 'the database pod is'} made of; remove its older versions by their numbers`)
  if (doomed[0]?.name === name && names.has(name)) throw new AubergeError('conflict', `sites are set to the image ${name}; give them another (site update --image) or delete them first`)
  const last = list(store).findLast(image => image.name === doomed[0]?.name)
  if (name.includes('@') && last !== undefined && reference(last) === name) throw new AubergeError('conflict', `${name} is the newest version of ${last.name}; build a newer one first, or remove the image whole: image remove ${last.name}`)
}

const inUse = (version: string): AubergeError =>
  new AubergeError('conflict', `${version} is still in use by a site of this machine; restart its sites or set them to another version, then try again`)

/** Out of sight first, and looked at again: a pod may have been made of it since. False where it was, and is back. */
async function discard(image: Image, store: string, needsIn: Asked): Promise<boolean> {
  const hidden = `${store}/.removed-${reference(image)}-${process.pid}`
  renameSync(`${store}/${reference(image)}`, hidden)
  if (needsIn(store).versions.has(reference(image))) {
    renameSync(hidden, `${store}/${reference(image)}`)
    return false
  }
  await eraseTree(hidden)
  return true
}

/** What interrupted builds and removals left. Only under the lock. */
export async function sweep(store: string): Promise<void> {
  for (const name of readdirSync(store)) if (/^\.(building|removed)-/.test(name)) await eraseTree(`${store}/${name}`)
}

/** Removes a directory and nothing that was mounted in it: a build that was killed may have left the host's /dev and a /proc there. Those are unmounted first; `failed` where one is in use. */
export async function eraseTree(directory: string): Promise<void> {
  const below = mountPoints().filter(point => point.startsWith(`${directory}/`))
  for (const point of below.reverse()) await run(unmount(point))
  await execa('rm', ['--recursive', '--force', '--one-file-system', '--', directory])
}

async function locked<T>(store: string, act: () => Promise<T>): Promise<T> {
  const release = await lock(`${store}/.lock`)
  try {
    return await act()
  } finally {
    await release()
  }
}
