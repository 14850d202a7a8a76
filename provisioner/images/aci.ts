// Writes an image as an App Container Image (appc specification 0.8.11): a tar of its manifest and its root file system. The same image gives the same
// bytes, and so the same id. Called by rkt/images.ts.
//
// Without what is below /usr: pods of rkt that have a user namespace can't share an image, each gets a copy of all that is in it. /usr, which is nearly
// all of one of ours, is a mount point that stays empty here and where every pod has the image's own, read-only.
import { createWriteStream } from 'node:fs'
import { lstat, readFile, readdir, readlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import type { Image, ImageConfig } from './store.ts'

/** An image manifest as the specification has it ("Image Manifest Schema"). */
export function imageManifest({ name, version, config }: Pick<Image, 'name' | 'version' | 'config'>) {
  return {
    acKind: 'ImageManifest', acVersion: '0.8.11', name: `auberge/${name}`,
    labels: [{ name: 'version', value: String(version) }, { name: 'os', value: config.os }, { name: 'arch', value: config.architecture === 'arm64' ? 'aarch64' : config.architecture }],
    app: appOf(config.config),
  }
}

function appOf({ Entrypoint, Cmd, Env, User = '0:0', WorkingDir, Volumes, ExposedPorts }: ImageConfig['config']) {
  const [user = '0', group = user] = User.split(':')
  const [path = '80/tcp'] = Object.keys(ExposedPorts)
  return {
    exec: [...Entrypoint, ...Cmd], user, group, workingDirectory: WorkingDir,
    environment: Env.map(entry => ({ name: entry.slice(0, entry.indexOf('=')), value: entry.slice(entry.indexOf('=') + 1) })),
    mountPoints: [{ name: 'usr', path: '/usr', readOnly: true }, ...Object.keys(Volumes).map((path, index) => ({ name: `volume-${index}`, path }))],
    ports: [{ name: 'http', protocol: 'tcp', port: Number(path.split('/')[0]) }],
    isolators: [{ name: 'os/linux/no-new-privileges', value: true }],
  }
}

/** What a pod of OCI has in its /dev besides devices; rkt makes only those. */
const STREAMS: Record<string, string> = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' }

/** Writes the image to a new file. */
export async function writeAci(image: Image, file: string): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  await Promise.all([written, fill(tar, image)])
}

async function fill(tar: Pack, image: Image): Promise<void> {
  await put(tar, 'manifest', 0o644, JSON.stringify(imageManifest(image)))
  await tree(tar, image.rootfs, 'rootfs')
  for (const [name, target] of Object.entries(STREAMS)) tar.entry({ ...ROOT, name: `rootfs/dev/${name}`, type: 'symlink', linkname: target })
  tar.finalize()
}

const ROOT = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) }

/** A directory and what is below it, by name. Images hold directories, files and links, no devices. */
async function tree(tar: Pack, path: string, name: string): Promise<void> {
  const { mode } = await lstat(path)
  tar.entry({ ...ROOT, name, type: 'directory', mode: mode & 0o777 })
  if (name === 'rootfs/usr') return
  const entries = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const [from, to] = [`${path}/${entry.name}`, `${name}/${entry.name}`]
    if (entry.isDirectory()) await tree(tar, from, to)
    else if (entry.isSymbolicLink()) tar.entry({ ...ROOT, name: to, type: 'symlink', linkname: await readlink(from) })
    else if (entry.isFile()) await put(tar, to, (await lstat(from)).mode & 0o777, await readFile(from))
  }
}

/** Resolves when the tar has taken it in, so that no more than one file is in memory. */
function put(tar: Pack, name: string, mode: number, data: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => tar.entry({ ...ROOT, name, mode }, data, error => (error ? reject(error) : resolve())))
}
