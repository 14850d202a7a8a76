// What a new volume begins with: a first page, the link that is the document root, and places for PHP. Called when a site is created,
// before anything of the site has run: later, only a workshop may touch the volume.
import { chmod, lchown, lstat, mkdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import { imageOf } from '../container.ts'
import type { Host } from '../host.ts'
import { firstId } from '../instance.ts'
import { podPlaces } from '../places.ts'
import { INITIAL } from './releases.ts'
import { welcome, type Welcome } from './welcome.ts'

/** Whom Apache's children, PHP and applications run as in every image. */
const WWW_DATA = 33

/** Fills the fresh, mounted volume of a site and notes its first release. Done again after a crash it finishes what was begun. */
export async function seed(host: Host, name: string): Promise<void> {
  const site = host.states.site(name)
  await fill(podPlaces(host.data, name).volume, firstId(host.instance, site.slot), welcome(imageOf(host, name), name))
  await host.states.save({ ...site, release: INITIAL, releases: [INITIAL] })
}

async function fill(volume: string, root: number, { file, text }: Welcome): Promise<void> {
  if (await exists(`${volume}/html`)) return
  const www = root + WWW_DATA
  // What mkfs makes for fsck is root's of the host: the owner could neither read nor remove it.
  await rmdir(`${volume}/lost+found`).catch(() => {})
  await own(volume, root, 0o755)
  await directory(`${volume}/releases`, root, 0o755)
  await directory(`${volume}/releases/${INITIAL}`, www, 0o755)
  await writeFile(`${volume}/releases/${INITIAL}/${file}`, text, { mode: 0o644 })
  await own(`${volume}/releases/${INITIAL}/${file}`, www, 0o644)
  await directory(`${volume}/sessions`, www, 0o700)
  await directory(`${volume}/tmp`, www, 0o700)
  await symlink(`releases/${INITIAL}`, `${volume}/html`)
  await lchown(`${volume}/html`, root, root)
}

async function directory(path: string, owner: number, mode: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await own(path, owner, mode)
}

async function own(path: string, owner: number, mode: number): Promise<void> {
  await lchown(path, owner, owner)
  await chmod(path, mode)
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false)
}
