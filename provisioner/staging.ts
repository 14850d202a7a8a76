// The second volume of a site, which a restore fills while the site goes on with its own. Used by workshop/restore.ts, recipes/adopt.ts and erase.ts.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, rmdir } from 'node:fs/promises'
import { AubergeError } from '../wire/error.ts'
import * as commands from './commands/volume.ts'
import type { Host } from './host.ts'
import { firstId } from './instance.ts'
import { podPlaces } from './places.ts'
import { run } from './run.ts'
import { detachImage, format, removeImage } from './volume.ts'
import type { Releases } from './workshop/releases.ts'

/** What is whole and waits to be adopted. A provisioner that starts anew knows of none, and removes them. */
export type Staged = { id: string } & Held
/** `database`: whether there is a database's SQL in it. */
type Held = Releases & { database: boolean }
const waiting = new Map<string, Staged>()
const key = (host: Host, name: string) => `${host.data}\0${name}`

/** The whole stage of a site; `not_found` where there is none, or another. */
export function stagedAs(host: Host, name: string, id: string): Staged {
  const found = waiting.get(key(host, name))
  if (found?.id !== id) throw new AubergeError('not_found', `what was brought to ${name} to be restored isn't there any more; bring it again`)
  return found
}

/** Makes it, empty and mounted, of `disk` bytes; what an earlier restore left goes. */
export async function openStage(host: Host, name: string, disk: number): Promise<string> {
  const { stagedImage, staged } = podPlaces(host.data, name)
  await dropStage(host, name)
  await format(stagedImage, disk, firstId(host.instance, host.states.site(name).slot))
  await mkdir(staged, { mode: 0o700 })
  await run(commands.mount(stagedImage, staged))
  // What mkfs makes for fsck is root's of the host. Nothing of the site has been here yet.
  await rmdir(`${staged}/lost+found`).catch(() => {})
  return staged
}

/** Runs `work` with the whole stage mounted. */
export async function stageMounted(host: Host, name: string, work: (volume: string) => Promise<void>): Promise<void> {
  const { stagedImage, staged } = podPlaces(host.data, name)
  await run(commands.mount(stagedImage, staged))
  await work(staged).finally(() => detachImage(stagedImage, staged))
}

/** Unmounts it: all of it is on the disk then, and it can be adopted. */
export async function closeStage(host: Host, name: string, held: Held): Promise<Staged> {
  const { stagedImage, staged } = podPlaces(host.data, name)
  await detachImage(stagedImage, staged)
  const whole = { id: randomBytes(9).toString('base64url'), ...held }
  waiting.set(key(host, name), whole)
  return whole
}

/** Removes what is whole and waits by that id, and nothing that came later. */
export async function giveUp(host: Host, name: string, id: string): Promise<void> {
  if (waiting.get(key(host, name))?.id === id) await dropStage(host, name)
}

/** Removes it, whatever state it is in. Does no harm done twice; asked of every site at start, so it runs no program where there is none. */
export async function dropStage(host: Host, name: string): Promise<void> {
  const { stagedImage, staged } = podPlaces(host.data, name)
  waiting.delete(key(host, name))
  if (!existsSync(stagedImage) && !existsSync(staged)) return
  await removeImage(stagedImage, staged)
  await rm(staged, { recursive: true, force: true })
}
