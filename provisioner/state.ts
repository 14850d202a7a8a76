// What the provisioner knows of each site, on disk. The lasting part (state.json, beside the volume) survives a power loss; the
// living part (processes, network) is on a tmpfs and so ends with the processes it describes. Read and written by recipes.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushed } from '../wire/flushed.ts'
import { places } from '../wire/house.ts'
import { AubergeError } from '../wire/error.ts'
import { DEFAULT_LIMITS } from '../registry/types.ts'
import type { SiteSpec, Tier } from './api.ts'
import type { Instance } from './instance.ts'
import { podPlaces } from './places.ts'

/** What lasts. `intent`: the recipe under way when it was written; `create` is undone, `destroy` and `adopt` are finished after a crash. */
export type Site = {
  name: string
  slot: number
  spec: SiteSpec
  intent: 'create' | 'destroy' | 'adopt' | null
  release: string | null
  releases: string[]
  /** The stage its volume was, where it came from a backup. */
  adopted?: string
}

/** What ends with the host. `start` is the process's start time in clock ticks, which tells it from a later one of the same pid. */
export type Life = {
  tier: Tier
  pid: number
  start: string
  /** Host end of the pod's network, when it has one. */
  veth: string | null
  image: { name: string; version: number } | null
  /** Where its image's program listens. */
  port: number
  /** The release it was started with. */
  release: string | null
  /** Fingerprint of the bundle the container was made from. */
  bundle: string | null
  failure: string | null
  usedAt: number
}

export const COLD: Life = { tier: 'cold', pid: 0, start: '', veth: null, image: null, port: 80, release: null, bundle: null, failure: null, usedAt: 0 }

/** What a specification that was written by an earlier version lacks. */
const UNSET = { php: {}, start: null, egress: 'internet' as const, database: null, exposed: null }

export class States {
  readonly #data: string
  readonly #instance: Instance
  readonly #sites = new Map<string, Site>()
  readonly #lives = new Map<string, Life>()

  /** Reads what is there. A directory without a readable state.json is not a site (see `strangers`). */
  constructor(data: string, instance: Instance) {
    this.#data = data
    this.#instance = instance
    mkdirSync(this.#livesDir, { recursive: true, mode: 0o700 })
    for (const name of this.#directories()) this.#load(name)
    this.#dropStrangeLives()
  }

  get #livesDir() { return `${this.#instance.run}/lives` }

  #directories(): string[] {
    mkdirSync(places(this.#data).pods, { recursive: true, mode: 0o700 })
    return readdirSync(places(this.#data).pods, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)
  }

  #load(name: string): void {
    const site = parsed<Site>(podPlaces(this.#data, name).state)
    if (site === null || site.name !== name) return
    const limits = { ...DEFAULT_LIMITS, ...site.spec.limits }
    this.#sites.set(name, { ...site, spec: { ...UNSET, ...site.spec, limits } })
    this.#lives.set(name, { ...COLD, ...parsed<Life>(`${this.#livesDir}/${name}.json`) })
  }

  /** What a kill left: of a site whose files weren't made yet, or were gone already; and files half written. */
  #dropStrangeLives(): void {
    for (const file of readdirSync(this.#livesDir)) if (!this.#sites.has(file.replace(/\.json$/, ''))) rmSync(`${this.#livesDir}/${file}`)
  }

  names(): string[] { return [...this.#sites.keys()] }
  /** Sites whose pod runs or is frozen. */
  awake(): string[] { return this.names().filter(name => ['running', 'frozen'].includes(this.life(name).tier)) }
  has(name: string): boolean { return this.#sites.has(name) }

  /** `not_found` where there is no such site. */
  site(name: string): Site {
    const site = this.#sites.get(name)
    if (!site) throw new AubergeError('not_found', `there is no site ${name} here; create it first`)
    return site
  }

  life(name: string): Life { return this.#lives.get(name) ?? COLD }

  /** Directories of sites that no state knows: a creation that died before its first step was on disk. */
  strangers(): string[] { return this.#directories().filter(name => !this.#sites.has(name)) }

  /** Lowest slot nobody has. `failed` when the house is full. */
  freeSlot(): number {
    const taken = new Set([...this.#sites.values()].map(site => site.slot))
    for (let slot = 0; slot < this.#instance.slots; slot++) if (!taken.has(slot)) return slot
    throw new AubergeError('failed', `all ${this.#instance.slots} places for sites of this house are taken; delete a site first`)
  }

  /** Writes the lasting part; on disk for good when it resolves. The site's directory must exist. */
  async save(site: Site): Promise<void> {
    await replaceDurably(podPlaces(this.#data, site.name).state, JSON.stringify(site))
    this.#sites.set(site.name, site)
  }

  /** Takes a new site's slot at once, then makes its directory and writes it; forgotten again if that fails. */
  async reserve(site: Site, makeDirectory: () => Promise<unknown>): Promise<void> {
    this.#sites.set(site.name, site)
    this.live(site.name, COLD)
    await makeDirectory()
    await this.save(site)
  }

  /** Changes the living part. */
  live(name: string, change: Partial<Life>): Life {
    const life = { ...this.life(name), ...change }
    const file = `${this.#livesDir}/${name}.json`
    writeFileSync(`${file}.new`, JSON.stringify(life), { mode: 0o600 })
    renameSync(`${file}.new`, file)
    this.#lives.set(name, life)
    return life
  }

  /** Forgets a site; its files are the caller's to remove, before. */
  forget(name: string): void {
    rmSync(`${this.#livesDir}/${name}.json`, { force: true })
    this.#lives.delete(name)
    this.#sites.delete(name)
  }
}

function parsed<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return null
  }
}

/** Replaces a file so that after a power loss it is whole: the old one or the new one. */
export async function replaceDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
  await flushed(dirname(file))
}
