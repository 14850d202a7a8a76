// The images of this machine: read-only root file systems shared by all pods of all houses. Called by build, bundle and the server.
//
// Each is a directory /var/lib/auberge-images/NAME@VERSION with rootfs/, config.json (an OCI image configuration) and image.json.
// A directory appears by a rename once it is complete; names with a leading dot are builds under way and don't count.
import { mkdirSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs'
import { AubergeError } from '../../wire/error.ts'
import type { Takes } from '../api.ts'

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
  /** `UID:GID` of its program; root of the pod where it isn't said. */
  User?: string
  /** Ours begin with `auberge.`: see `takesOf` and the recipes. */
  Labels?: Record<string, string>
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
    const { mtimeMs, ino } = statSync(`${directory}/image.json`)
    const known = read.get(directory)
    if (known?.mtimeMs === mtimeMs && known.ino === ino) return known.image
    const image = load(directory)
    read.set(directory, { mtimeMs, ino, image })
    return image
  } catch (cause) {
    read.delete(directory)
    throw new AubergeError('not_found', `there is no image ${name}@${version}; build it with: auberge image build ${name}`, { cause })
  }
}

/** Images never change, and every wake asks for one. */
const read = new Map<string, { mtimeMs: number; ino: number; image: Image }>()

function load(directory: string): Image {
  const { packages: _, ...record } = JSON.parse(readFileSync(`${directory}/image.json`, 'utf8')) as ImageRecord
  const config = JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')) as ImageConfig
  return { ...record, rootfs: `${directory}/rootfs`, config }
}

/** The versions of the packages in an image, by name. */
export function packagesOf({ name, version }: Image, store = IMAGES): Record<string, string> {
  return (JSON.parse(readFileSync(`${store}/${name}@${version}/image.json`, 'utf8')) as ImageRecord).packages
}

/** Where its program listens. */
export function portOf({ config: { config } }: Image): number {
  const port = Object.keys(config.ExposedPorts ?? {}).map(each => /^(\d{1,5})\/tcp$/.exec(each)?.[1]).find(each => each !== undefined)
  return port === undefined ? 80 : Number(port)
}

/** What a site can set for it besides its environment. */
export function takesOf({ config: { config } }: Image): Takes | null {
  const takes = config.Labels?.['auberge.takes']
  return takes === 'php' || takes === 'start' ? takes : null
}

/** Whether a site's pod can be made of it: the house's own are labelled. */
export function isForSites({ config: { config } }: Image): boolean {
  return config.Labels?.['auberge.for'] !== 'house'
}

/** Milliseconds in which a directory may change again and have the same time of change. */
const TICK = 100

/** What is in a store; read again when its directory has changed, for it is asked of every site again and again. */
function directories(store: string): string[] {
  const stats = statSync(store, { throwIfNoEntry: false }) ?? made(store)
  const known = stores.get(store)
  if (known?.mtimeMs === stats.mtimeMs && known.ino === stats.ino && Date.now() - stats.mtimeMs > TICK) return known.entries
  const entries = readdirSync(store)
  stores.set(store, { mtimeMs: stats.mtimeMs, ino: stats.ino, entries })
  return entries
}

const stores = new Map<string, { mtimeMs: number; ino: number; entries: string[] }>()

function made(store: string): Stats {
  mkdirSync(store, { recursive: true, mode: 0o755 })
  return statSync(store)
}
