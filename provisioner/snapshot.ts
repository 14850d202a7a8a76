// A site's volume as it is at one moment, to be read at leisure while the site goes on. Taken by workshop/backup.ts.
//
// Whatever changes the volume stands still for the copy alone: first the pod, so that what a program writes in several steps is between two of
// them as after a power cut, then the file system, which writes all it holds and is whole on its device (fsfreeze(8)).
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { AubergeError } from '../wire/error.ts'
import * as commands from './commands/volume.ts'
import type { Host } from './host.ts'
import { podCgroup } from './instance.ts'
import { podPlaces, snapshotsPlace } from './places.ts'
import { alive } from './process.ts'
import { run, succeeds } from './run.ts'
import { ensureVolume, mounted, releaseVolume, removeImage } from './volume.ts'

/** A mounted directory, read-only, for the site's own ids. */
export type Snapshot = { directory: string; remove(): Promise<void> }

/** Milliseconds a copy may take; a site waits for it. */
const COPY = 20 * 60_000
/** Bytes that a copy leaves free on the host. */
const SPARE = 256 * 2 ** 20

/**
 * Copies the volume of a site, in the site's queue; `meanwhile` is called while it stands still, for what has to be of the same moment.
 * `unavailable` where the host's disk has no room for it.
 */
export async function snapshot(host: Host, name: string, meanwhile: () => Promise<void> = async () => {}): Promise<Snapshot> {
  const directory = `${snapshotsPlace(host.data)}/${name}.${randomBytes(6).toString('hex')}`
  const image = `${directory}.img`
  const remove = () => removeSnapshot(image, directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    await host.queue.run(name, () => mountedFor(host, name, () => still(host, name, async () => {
      await meanwhile()
      await copy(host, name, image)
    })))
    await run(commands.mountCopy(image, directory))
    return { directory, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function copy(host: Host, name: string, to: string): Promise<void> {
  const { volumeImage } = podPlaces(host.data, name)
  const { blocks } = await stat(volumeImage)
  const { bavail, bsize } = await statfs(snapshotsPlace(host.data))
  // stat(2) counts blocks of 512 bytes.
  if (bavail * bsize < blocks * 512 + SPARE) throw new AubergeError('unavailable', `this house's disk has no room for a copy of ${name} (${Math.ceil((blocks * 512) / 2 ** 20)} MiB), which a backup is read from; free some space, then try again`)
  await run(commands.copy(volumeImage, to), { timeout: COPY })
}

/** A volume that isn't mounted may have ended with its host: mounting it puts it in order first. */
async function mountedFor(host: Host, name: string, work: () => Promise<void>): Promise<void> {
  await ensureVolume(host, name)
  try {
    await work()
  } finally {
    if (host.states.life(name).tier === 'cold') await releaseVolume(host, name)
  }
}

/** Runs `work` while neither the pod nor the file system moves. What sleeps does so already. */
async function still(host: Host, name: string, work: () => Promise<void>): Promise<void> {
  const { volume } = podPlaces(host.data, name)
  await run(commands.flush(volume))
  const life = host.states.life(name)
  const group = life.tier === 'running' && alive(life) ? podCgroup(host.instance, name) : null
  const go = async () => {
    await unfreeze(volume)
    if (group !== null) await host.runtime.thaw(group)
    standing.delete(go)
  }
  standing.add(go)
  try {
    if (group !== null) await host.runtime.freeze(group)
    await run(commands.freeze(volume))
    await work()
  } finally {
    await go()
  }
}

/** What lets each site go on that stands still now. */
const standing = new Set<() => Promise<void>>()

/** Lets every site go on: a copy may take longer than a provisioner that is told to stop has. */
export async function letGo(): Promise<void> {
  for (const go of standing) await go()
}

/** Lets a volume go on that is held, by us or by a provisioner that died meanwhile; of one that isn't, nothing comes of it. */
export async function unfreeze(volume: string): Promise<void> {
  if (mounted(volume)) await succeeds(commands.unfreeze(volume))
}

/** Removes the copies that a provisioner which died left. */
export async function dropSnapshots(data: string): Promise<void> {
  const place = snapshotsPlace(data)
  for (const entry of await readdir(place).catch(() => [])) {
    const directory = `${place}/${entry.replace(/\.img$/, '')}`
    await removeSnapshot(`${directory}.img`, directory)
  }
}

async function removeSnapshot(image: string, directory: string): Promise<void> {
  await removeImage(image, directory)
  await rm(directory, { recursive: true, force: true })
}
