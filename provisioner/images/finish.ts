// Turns a fresh Debian tree into an image: our files over it, what no pod needs out of it, modes that need no owner. Called by build.
// Everything here is ours and not yet seen by any site, so following its paths is safe.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { execa } from 'execa'
import { textOf, type Recipe } from './recipe.ts'

/** Emptied in every image: the runtime mounts something over them, or nobody reads them. */
const EMPTIED = [
  '/dev', '/proc', '/sys', '/run', '/tmp', '/var/tmp', '/var/log', '/var/www', '/var/cache', '/var/lib/apt', '/root',
  '/usr/share/doc', '/usr/share/man', '/usr/share/info', '/usr/share/lintian', '/etc/apt/apt.conf.d', '/etc/apt/sources.list.d',
]

/** Present in every image, as what the runtime mounts a site's own over. */
const TARGETS = ['/etc/resolv.conf', '/etc/hosts', '/etc/hostname']

/** Finishes the tree at `rootfs`. */
export async function finish(rootfs: string, recipe: Recipe): Promise<void> {
  for (const path of recipe.removed) rmSync(rootfs + path, { recursive: true, force: true })
  for (const path of EMPTIED) empty(rootfs + path)
  for (const [path, file] of Object.entries(recipe.files)) put(rootfs + path, textOf(file))
  for (const path of [...TARGETS, ...recipe.targets ?? []]) put(rootfs + path, '')
  put(`${rootfs}/etc/machine-id`, '')
  rmSync(`${rootfs}/etc/apt/sources.list`, { force: true })
  homeOfRoot(`${rootfs}/etc/passwd`)
  await normalise(rootfs)
}

/** Root in a pod lives in the site's volume: the image's /root can't be written. */
function homeOfRoot(passwd: string): void {
  writeFileSync(passwd, readFileSync(passwd, 'utf8').replace(/^root:.*$/m, 'root:x:0:0:root:/var/www:/bin/bash'))
}

/** The image's owner is outside every pod's id map, so all is for "others"; no set-id bit, nothing to write. */
async function normalise(rootfs: string): Promise<void> {
  await execa('chmod', ['-R', '--', 'a+rX,go-w,ug-s,-t', rootfs])
}

function empty(path: string): void {
  mkdirSync(path, { recursive: true })
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { recursive: true, force: true })
}

function put(path: string, text: string): void {
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  writeFileSync(path, text, { mode: 0o644 })
}
