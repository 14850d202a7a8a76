// A site's volume: a sparse ext4 file of the site's limit, loop-mounted while anything of the site runs. Called by recipes and container.ts.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { AubergeError } from '../wire/error.ts'
import { space } from '../wire/space.ts'
import * as commands from './commands/volume.ts'
import type { Host } from './host.ts'
import { firstId } from './instance.ts'
import { podPlaces } from './places.ts'
import { run, succeeds } from './run.ts'

/** Bytes of the disk that no new promise may touch: what sites have been promised already lives from them. */
const RESERVE = 2 ** 30

/** Throws `unavailable` where the house's disk is so full that sites would soon be unable to write. */
export function mustHaveRoom(host: Host): void {
  const { free } = space(host.data)
  if (free < RESERVE) throw new AubergeError('unavailable', `this house's disk has ${Math.floor(free / 2 ** 20)} MiB left: no site is made or given a larger disk until there is more than ${RESERVE / 2 ** 20} MiB`)
}

/** Makes the empty volume of a site unless it has one. */
export async function makeVolume(host: Host, name: string): Promise<void> {
  const { slot, spec } = host.states.site(name)
  await newVolume(host, name, spec.limits.disk, firstId(host.instance, slot))
}

/** Makes an empty volume of `size` bytes whose root directory is `owner`'s, a host id, unless there is one. */
export async function newVolume(host: Host, name: string, size: number, owner: number): Promise<void> {
  const { volumeImage } = podPlaces(host.data, name)
  if (await stat(volumeImage).then(() => true, () => false)) return
  await format(volumeImage, size, owner)
}

/** An empty file system of `disk` bytes in a new file, its root directory `owner`'s, a host id; the file is there once it is whole. */
export async function format(image: string, disk: number, owner: number): Promise<void> {
  const fresh = `${image}.new`
  await rm(fresh, { force: true })
  const file = await open(fresh, 'wx', 0o600)
  await file.truncate(disk).finally(() => file.close())
  await run(commands.make(fresh, owner))
  await run(['mv', '-T', fresh, image])
}

/** Mounts the site's volume unless it is mounted. */
export async function ensureVolume(host: Host, name: string): Promise<void> {
  const { volumeImage, volume } = podPlaces(host.data, name)
  if (mounted(volume)) return
  await mkdir(volume, { recursive: true, mode: 0o700 })
  await growOffline(host, name)
  await run(commands.mount(volumeImage, volume))
  await tuned(deviceOf(volume))
}

/** What a site may have under way at the disk: a queue as deep as the kernel's makes every neighbour wait behind it. */
const QUEUE = { nr_requests: 8, max_sectors_kb: 128 }

/** Some file systems can't do direct I/O, and some kernels know no such queue: the volume works all the same. */
async function tuned(device = ''): Promise<void> {
  await succeeds(commands.direct(device))
  for (const [name, value] of Object.entries(QUEUE)) await writeFile(`/sys/block/${device.slice('/dev/'.length)}/queue/${name}`, String(value)).catch(() => {})
}

/** Unmounts the volume unless something of the site still has files open in it; its loop device goes with it. */
export async function releaseVolume(host: Host, name: string): Promise<void> {
  const { volume } = podPlaces(host.data, name)
  if (mounted(volume)) await run(commands.unmount(volume)).catch(error => host.log.debug({ site: name, error: String(error) }, 'volume stays mounted'))
}

/** Unmounts and removes the volume. Called when nothing of the site runs any more. */
export async function removeVolume(host: Host, name: string): Promise<void> {
  const { volume, volumeImage } = podPlaces(host.data, name)
  await removeImage(volumeImage, volume)
}

/** Unmounts and detaches whatever is left of a file system, then removes its file. Does no harm done twice. */
export async function removeImage(image: string, dir: string): Promise<void> {
  await detachImage(image, dir)
  await rm(image, { force: true })
}

/** Unmounts a file system and frees its loop device. */
export async function detachImage(image: string, dir: string): Promise<void> {
  await unmounted(dir)
  for (const device of await loopsOf(image)) await detached(device, image)
}

/** The kernel detaches a device by itself a moment after its last use, perhaps between our look and our call. */
async function detached(device: string, image: string): Promise<void> {
  if (await succeeds(commands.detach(device))) return
  if ((await loopsOf(image)).includes(device)) await run(commands.detach(device))
}

/** Unmounts a directory as often as it is mounted. */
export async function unmounted(dir: string): Promise<void> {
  while (mounted(dir)) await run(commands.unmount(dir))
}

/** Gives the volume its limit's size, while in use where the host lets us, else when it is next mounted. A smaller one is `invalid`: files would be lost. */
export async function growVolume(host: Host, name: string, disk: number): Promise<void> {
  const { volumeImage } = podPlaces(host.data, name)
  const { size } = await stat(volumeImage)
  if (disk < size) throw new AubergeError('invalid', `the disk of ${name} can't shrink from ${size} to ${disk} bytes; make a new site and restore a backup into it`)
  if (disk === size) return
  mustHaveRoom(host)
  await ensureVolume(host, name)
  await writeFile(growMark(host, name), '')
  await truncate(volumeImage, disk)
  for (const device of await loopsOf(volumeImage)) {
    await run(commands.refresh(device))
    if (await succeeds(commands.grow(device))) await rm(growMark(host, name), { force: true })
  }
}

/** There while the file system is smaller than its file: a host without CAP_SYS_RESOURCE can't grow it while it is mounted. */
const growMark = (host: Host, name: string) => `${podPlaces(host.data, name).volumeImage}.grow`

/** Of a volume that is replaced. */
export const forgetGrowth = (host: Host, name: string) => rm(growMark(host, name), { force: true })

export const growsLater = (host: Host, name: string) => existsSync(growMark(host, name))

async function growOffline(host: Host, name: string): Promise<void> {
  if (!growsLater(host, name)) return
  const { volumeImage } = podPlaces(host.data, name)
  await run(commands.check(volumeImage), { ok: [1] })
  await run(commands.grow(volumeImage))
  await rm(growMark(host, name), { force: true })
}

/** Bytes and files in use; the volume is mounted for it. */
export async function volumeUsage(host: Host, name: string): Promise<{ disk: number; files: number }> {
  await ensureVolume(host, name)
  const { bsize, blocks, bfree, files, ffree } = await statfs(podPlaces(host.data, name).volume)
  return { disk: (blocks - bfree) * bsize, files: files - ffree }
}

async function loopsOf(image: string): Promise<string[]> {
  return (await run(commands.loops(image))).split('\n').map(line => line.trim()).filter(Boolean)
}

/** Fields of proc_pid_mountinfo(5); what follows the lone hyphen is type and source. */
function mounts(): { point: string; source: string }[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean).map(line => line.split(' '))
  return lines.map(fields => ({ point: unescaped(fields[4] ?? ''), source: fields[fields.indexOf('-') + 2] ?? '' }))
}

/** Every mount point of this host's namespace. */
export const mountPoints = (): string[] => mounts().map(({ point }) => point)

const deviceOf = (dir: string) => mounts().find(({ point }) => point === dir)?.source

/** By the list of mounts, which asks nothing of a volume, even of one that stands still for its backup. */
export const mounted = (dir: string) => mountPoints().includes(dir)

/** Spaces and the like are written as octal escapes there. */
const unescaped = (path: string) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
