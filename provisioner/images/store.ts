// The images of this machine: read-only root file systems shared by all pods of all houses. Called by build, bundle and the server.
//
// Each is a directory /var/lib/auberge-images/NAME@VERSION with rootfs/, config.json (an OCI image configuration) and image.json.
// A directory appears by a rename once it is complete; names with a leading dot are builds under way and don't count.
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { AubergeError } from '../../wire/error.ts'
import { lock } from '../lock.ts'

/** Where images are unless a test says otherwise: outside any data directory, so that none is built twice on one machine. */
export const IMAGES = '/var/lib/auberge-images'

/** The `config` of an OCI image configuration (image-spec v1, config.md). */
export type ContainerConfig = {
  Env: string[]
  Entrypoint: string[]
  Cmd: string[]
  WorkingDir: string
  ExposedPorts: Record<string, Record<string, never>>
  Volumes: Record<string, Record<string, never>>
  StopSignal: string
}

/** An OCI image configuration (image-spec v1). Our images are a directory, so `diff_ids` is empty. */
export type ImageConfig = {
  created: string
  architecture: string
  os: 'linux'
  config: ContainerConfig
  rootfs: { type: 'layers'; diff_ids: string[] }
  history: { created: string; created_by: string; comment?: string }[]
}

/** What we know of an image beyond OCI. `recipe` is the fingerprint it was made from; `packages` are versions by name. */
export type ImageRecord = { name: string; version: number; bytes: number; builtAt: number; recipe: string; packages: Record<string, string> }

/** An image ready for pods. `rootfs` is an absolute path; bytes on disk; epoch milliseconds. */
export type Image = Omit<ImageRecord, 'packages'> & { rootfs: string; config: ImageConfig }

const NAME = /^([a-z0-9][a-z0-9-]{0,30})@([1-9][0-9]{0,8})$/

/** Parses `php@3`. Null for anything else. */
export function parseReference(reference: string): { name: string; version: number } | null {
  const match = NAME.exec(reference)
  return match ? { name: match[1]!, version: Number(match[2]) } : null
}

/** Every image, by name and then version, oldest first. */
export function list(store = IMAGES): Image[] {
  return directories(store).flatMap(each => parseReference(each) ?? [])
    .sort((a, b) => a.name.localeCompare(b.name) || a.version - b.version)
    .map(({ name, version }) => find(name, version, store))
}

/** The newest version of an image, or null where none was built. */
export function newest(name: string, store = IMAGES): Image | null {
  const versions = directories(store).flatMap(each => parseReference(each) ?? []).filter(each => each.name === name)
  const version = Math.max(0, ...versions.map(each => each.version))
  return version ? find(name, version, store) : null
}

/** One version of an image. `not_found` where there is none. */
export function find(name: string, version: number, store = IMAGES): Image {
  const directory = `${store}/${name}@${version}`
  try {
    const { packages: _, ...record } = JSON.parse(readFileSync(`${directory}/image.json`, 'utf8')) as ImageRecord
    const config = JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')) as ImageConfig
    return { ...record, rootfs: `${directory}/rootfs`, config }
  } catch (cause) {
    throw new AubergeError('not_found', `there is no image ${name}@${version}; build it with: auberge image build ${name}`, { cause })
  }
}

/**
 * Removes one version (`php@1`) that `inUse` says no pod has.
 * `conflict` for one in use or the newest of its name, `not_found`, `invalid` for a reference that isn't one.
 */
export async function removeImage(reference: string, inUse: (image: Image) => boolean, store = IMAGES): Promise<void> {
  const parsed = parseReference(reference)
  if (!parsed) throw new AubergeError('invalid', `"${reference}" is not an image's version; write it as php@1`)
  const release = await lock(`${store}/.lock`)
  try {
    const image = find(parsed.name, parsed.version, store)
    refuseIfNeeded(image, inUse, store)
    const doomed = `${store}/.removed-${reference}-${process.pid}`
    renameSync(`${store}/${reference}`, doomed)
    await rm(doomed, { recursive: true, force: true })
  } finally {
    await release()
  }
}

function refuseIfNeeded(image: Image, inUse: (image: Image) => boolean, store: string): void {
  const reference = `${image.name}@${image.version}`
  if (newest(image.name, store)?.version === image.version) throw new AubergeError('conflict', `${reference} is the newest version of ${image.name}; build a newer one first`)
  if (inUse(image)) throw new AubergeError('conflict', `${reference} is still in use by a site; wake or restart its sites, then try again`)
}

function directories(store: string): string[] {
  mkdirSync(store, { recursive: true, mode: 0o755 })
  return readdirSync(store)
}
