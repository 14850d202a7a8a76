// `auberge backup FILE`: the whole house in one tar while it runs. Each site is of one moment; the registry is taken last, so that it knows all of them.
import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import { flushed } from '../../wire/flushed.ts'
import type { ImageView } from '../../provisioner/api.ts'
import { argument, answer, type Desk } from '../desk.ts'
import type { SigningView } from '../dns.ts'
import type { SiteView } from '../site.ts'
import { unwritten } from '../streams.ts'
import { size } from '../table.ts'
import { CERTIFICATES, finalEntry, KEYRING, lostKeys, MANIFEST, REGISTRY, SEAL, sealOf, siteEntry, VERSION, type Manifest } from './manifest.ts'
import { TarFile, type Sum } from './tarfile.ts'

const KEYLESS = 'The zone is signed and its key is not in this file: a house restored from it has another key, and resolvers refuse the zone until its parent has the DS of that one. --with-keys takes the key along.\n'

/** Written beside the file and renamed: what bears its name is whole. Readable by its owner only. */
export async function backupHouse(desk: Desk): Promise<void> {
  const file = resolve(argument(desk, 'FILE'))
  const unfinished = `${file}.part`
  try {
    const { manifest, bytes } = await written(desk, unfinished)
    await rename(unfinished, file)
    await flushed(dirname(file))
    if (lostKeys(manifest).length > 0) desk.errors.write(KEYLESS)
    const done = { file, bytes, zone: manifest.zone, sites: Object.keys(manifest.sites).length, keys: CERTIFICATES in manifest.files }
    answer(desk, done, made => `${made.file}: ${made.sites} site(s), ${size(made.bytes)}${made.keys ? ', with keys' : ''}.`)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw unwritten(file, error)
  }
}

async function written(desk: Desk, path: string): Promise<{ manifest: Manifest; bytes: number }> {
  const tar = await TarFile.create(path)
  try {
    const manifest = await filled(desk, tar)
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await tar.addText(MANIFEST, text)
    await tar.addText(SEAL, `${sealOf(text)}\n`)
    return { manifest, bytes: await tar.finish() }
  } finally {
    await tar.close()
  }
}

async function filled(desk: Desk, tar: TarFile): Promise<Manifest> {
  const { admin } = desk
  const { zone } = await admin.json<{ zone: string }>('GET', '/api/house')
  const all = await images(desk)
  const named = (some: ImageView[]) => some.map(({ name, version }) => `${name}@${version}`)
  const manifest: Manifest = {
    auberge: 'house', version: VERSION, madeAt: new Date().toISOString(), zone, sites: {}, images: named(all), pinned: named(all.filter(image => image.pinned)), files: {},
  }
  await addSites(desk, tar, manifest)
  await addFinals(desk, tar, manifest)
  manifest.files[REGISTRY] = await tar.add(REGISTRY, await admin.stream('GET', '/api/house/registry'))
  // Those that were reserved meanwhile, which the registry knows.
  await addSites(desk, tar, manifest)
  if (desk.order.options.has('with-keys')) manifest.files[CERTIFICATES] = await tar.addText(CERTIFICATES, JSON.stringify(await admin.json('GET', '/api/house/certificates')))
  await addSigning(desk, manifest)
  if (desk.order.options.has('with-keys')) await addKeyring(desk, tar, manifest)
  return manifest
}

/** Public halves are in every backup, so that a restore knows what it lacks. */
async function addSigning({ admin }: Desk, manifest: Manifest): Promise<void> {
  const { signed, keys } = await admin.json<SigningView>('GET', '/api/dnssec')
  if (signed) manifest.signing = { ds: keys.map(({ ds }) => ds) }
}

/** A house that never signed its zone has none. */
async function addKeyring(desk: Desk, tar: TarFile, manifest: Manifest): Promise<void> {
  const ring = await desk.admin.json<object | null>('GET', '/api/house/keyring')
  if (ring !== null) manifest.files[KEYRING] = await tar.addText(KEYRING, JSON.stringify(ring))
}

/** A house without pods has none. */
async function images({ admin }: Desk): Promise<ImageView[]> {
  try {
    return await admin.json<ImageView[]>('GET', '/api/images')
  } catch (error) {
    if (error instanceof AubergeError && error.code === 'unavailable') return []
    throw error
  }
}

async function addSites(desk: Desk, tar: TarFile, manifest: Manifest): Promise<void> {
  const sites = (await desk.admin.json<SiteView[]>('GET', '/api/sites')).filter(site => site.kind === 'site' && site.state !== 'creating' && !(site.name in manifest.sites))
  for (const [index, site] of sites.entries()) {
    const path = `/api/sites/${site.name}/backup`
    const sum = await added(tar, siteEntry(site.name), () => desk.admin.stream('GET', path))
    if (sum === null) continue
    const { image, limits, env, php, start, egress } = site
    manifest.files[siteEntry(site.name)] = sum
    manifest.sites[site.name] = { image: image ?? 'php', limits: limits!, env, php, start, egress: egress ?? 'internet', exposed: null }
    desk.errors.write(`${index + 1}/${sites.length} ${site.name}: ${size(sum.bytes)}\n`)
  }
}

async function addFinals(desk: Desk, tar: TarFile, manifest: Manifest): Promise<void> {
  for (const { id } of await desk.admin.json<{ id: string }[]>('GET', '/api/backups')) {
    const sum = await added(tar, finalEntry(id), () => desk.admin.stream('GET', `/api/backups/${id}`))
    if (sum) manifest.files[finalEntry(id)] = sum
  }
}

/** Null for what was deleted since it was listed. */
async function added(tar: TarFile, name: string, fetch: () => Promise<Readable>): Promise<Sum | null> {
  try {
    return await tar.add(name, await fetch())
  } catch (error) {
    if (error instanceof AubergeError && error.code === 'not_found') return null
    throw error
  }
}
