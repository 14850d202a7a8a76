// `auberge restore FILE`: a whole house out of one file, into a data directory that is empty. Called by cli/main.ts; no house may run.
import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Order } from '../../bin/parse.mjs'
import type { Provisioner } from '../../provisioner/api.ts'
import { openRegistry } from '../../registry/open.ts'
import { newDatabasePassword } from '../../registry/secret.ts'
import { AubergeError } from '../../wire/error.ts'
import { places, type House } from '../../wire/house.ts'
import { lockData } from '../../wire/lock.ts'
import type { Say } from '../progress.ts'
import { unwritten } from '../streams.ts'
import { imageAs, imagesFor } from './images.ts'
import { CERTIFICATES, KEYRING, lostKeys, REGISTRY, type Manifest } from './manifest.ts'
import { withPods } from './pods.ts'
import { entriesOf } from './tarfile.ts'

type Restore = { path: string; manifest: Manifest; data: string; runtime: House['runtime']; program: string; say: Say }

/** Where a house would begin; files of locks are no house. `conflict` where there is one already. */
export function needEmpty(data: string): void {
  const entries = existsSync(data) ? readdirSync(data) : []
  if (existsSync(places(data).restoring)) return
  const more = entries.filter(entry => !/^(house|family)\.lock$|^lost\+found$/.test(entry))
  if (more.length > 0) throw new AubergeError('conflict', `${data} is not empty (${more.slice(0, 3).join(', ')}); a restore never overwrites: move it away, or name another directory with --data`)
}

/** Of a failure the directory is as empty as before. What a kill left is cleared by the next try. */
export async function restoreHouse(wish: Restore): Promise<void> {
  const { data } = wish
  mkdirSync(data, { recursive: true, mode: 0o711 })
  const lock = lockData(data)
  needEmpty(data)
  if (existsSync(places(data).restoring)) await clear(wish, lock)
  writeFileSync(places(data).restoring, '', { mode: 0o600 })
  try {
    await fill(wish, lock)
  } catch (error) {
    await clear(wish, lock).catch((cause: Error) => wish.say(`${data} could not be cleared (${cause.message}): the next restore does it`))
    throw unwritten(data, error)
  }
  rmSync(places(data).restoring)
}

async function fill(wish: Restore, lock: number): Promise<void> {
  const { manifest, data, runtime } = wish
  await noteLostKeys(wish)
  if (runtime === 'none' && Object.keys(manifest.sites).length > 0) throw new AubergeError('bad_request', 'the backup holds sites, and a house with --runtime none runs none; leave the option out')
  if (runtime === 'none') return eachEntry(wish, null)
  await withPods(wish.program, { data, runtime }, lock, async pods => {
    const images = await imagesFor(pods, manifest, wish.say)
    await eachEntry(wish, pods)
    settleImages(wish, images)
    for (const pinned of manifest.pinned) wish.say(`sites had ${pinned} in the newest's place; auberge image pin chooses a version of this machine`)
  })
}

/** What control says until somebody has told the parent zone (gateway/control/dnssec/lost.ts). */
async function noteLostKeys({ manifest, data }: Restore): Promise<void> {
  const ds = lostKeys(manifest)
  if (ds.length > 0) await keep(places(data).lostKeys, Readable.from([`${JSON.stringify({ zone: manifest.zone, ds })}\n`]))
}

async function eachEntry(wish: Restore, pods: Provisioner | null): Promise<void> {
  let done = 0
  const all = Object.keys(wish.manifest.sites).length
  for await (const { name, body } of entriesOf(wish.path)) {
    const [, site] = /^sites\/([a-z0-9-]+)\.tar\.gz$/.exec(name) ?? []
    if (site !== undefined && pods) {
      await restoreSite(wish.manifest, pods, site, body)
      wish.say(`${++done}/${all} ${site}`)
    } else await restoreFile(wish.data, name, body)
    body.resume()
  }
}

/** The description in a site's backup is left unread: the registry knows better. */
async function restoreSite({ sites }: Manifest, pods: Provisioner, name: string, body: Readable): Promise<void> {
  const spec = sites[name]
  if (!spec) return
  // The password in the registry comes to it when the house starts.
  const here = { ...spec, image: imageAs(await pods.images(), spec.image), database: { password: newDatabasePassword() } }
  await pods.create(name, here)
  const tar = createGunzip()
  const fed = pipeline(body, tar)
  const [{ id }] = await Promise.all([pods.stage(name, tar, spec.limits.disk), fed])
  await pods.adopt(name, id, here)
}

async function restoreFile(data: string, name: string, body: Readable): Promise<void> {
  const at = places(data)
  const [, final] = /^final\/([a-zA-Z0-9-]+)\.tar\.gz$/.exec(name) ?? []
  if (name === REGISTRY) await keep(at.registry, body)
  else if (final !== undefined) await keep(`${at.backups}/${final}.tar.gz`, body)
  else if (name === KEYRING) await keep(at.keyring, body)
  else if (name === CERTIFICATES) await restoreCertificates(at.certificates, JSON.parse(await text(body)) as Record<string, string>)
}

async function keep(file: string, body: Readable): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
}

async function restoreCertificates(directory: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    if (!/^([\w*-][\w.*-]*\/)*[\w*-][\w.*-]*$/.test(path)) throw new AubergeError('bad_archive', `the backup names a certificate ${JSON.stringify(path.slice(0, 80))}, which is no file's name`)
    await mkdir(dirname(`${directory}/${path}`), { recursive: true, mode: 0o700 })
    await writeFile(`${directory}/${path}`, content, { flag: 'wx', mode: 0o600, flush: true })
  }
}

/** Versions of images are a machine's own: a site that was set to one that isn't here is set to its newest. */
function settleImages({ data, say }: Restore, images: Awaited<ReturnType<Provisioner['images']>>): void {
  const registry = openRegistry(places(data).registry)
  try {
    for (const { name, image } of registry.sites.list()) {
      if (imageAs(images, image) === image) continue
      registry.sites.update(name, { image: imageAs(images, image) })
      say(`${name} was set to ${image}, which isn't here: it gets the newest`)
    }
  } finally {
    registry.close()
  }
}

/** Removes whatever a restore made so far: first what is on the host of its sites, then the files. */
async function clear({ data, runtime, program }: Restore, lock: number): Promise<void> {
  if (runtime !== 'none') {
    await withPods(program, { data, runtime }, lock, async pods => {
      for (const { name } of await pods.list()) await pods.destroy(name, { purge: true })
    })
  }
  for (const entry of readdirSync(data)) {
    if (!/^(house|family)\.lock$|^restoring$|^lost\+found$/.test(entry)) await rm(`${data}/${entry}`, { recursive: true, force: true })
  }
  await rm(places(data).restoring, { force: true })
}

/** The line with which a restored house is started as it was. */
export function startLine(order: Order, { zone }: Manifest): string {
  return `auberge up${zone === 'localhost' ? '' : ` --zone ${zone}`}${order.options.has('data') ? ` --data ${order.data}` : ''}`
}
