// The containers of a site: the pod's bundle and short-lived ones for work on its files. Called by the prepare recipe and the workshop.
import { createHash, randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { accessOf } from './database/access.ts'
import { environment, imageProcess, writeBundle, type BundleSpec } from './bundle.ts'
import type { SiteSpec } from './api.ts'
import type { Host } from './host.ts'
import { find, newest, parseReference, portOf, takesOf, type Image } from './images/store.ts'
import { containerId, firstId, netnsName, podCgroup, siteCgroup } from './instance.ts'
import { bundlePlace, netnsPlace, podPlaces } from './places.ts'
import { hasFile, listening, settingsFiles } from './settings.ts'
import { AubergeError } from '../wire/error.ts'
import { ensureVolume, releaseVolume } from './volume.ts'

/** In the place of a port that a pod's root may not listen on. */
const UNPRIVILEGED = 8080

/** The image a site's pod is to be made of now. `not_found` where none was built. */
export function imageOf(host: Host, name: string): Image {
  return imageFor(host, host.states.site(name).spec.image)
}

/**
 * The version that `php@2` or `php` stands for: of the latter the one this house is pinned to, else the newest. Versions are this machine's: one that it
 * hasn't (the house came from another) means the newest, for a site that runs on that is better than one that doesn't run.
 */
export function imageFor(host: Host, reference: string): Image {
  const { name, version } = parseReference(reference) ?? { name: reference, version: host.pins.get(reference) }
  const exact = version === null ? null : versionOf(host, name, version)
  const found = exact ?? newest(name, host.images)
  if (!found) throw new AubergeError('not_found', `there is no image ${name}; build it with: auberge image build ${name}`)
  return found
}

function versionOf(host: Host, name: string, version: number): Image | null {
  try {
    return find(name, version, host.images)
  } catch {
    return null
  }
}

function baseSpec(host: Host, name: string, image: Image): Omit<BundleSpec, 'process' | 'cgroup' | 'netns'> {
  const site = host.states.site(name)
  return {
    hostname: name, rootfs: image.rootfs, cgroupVersion: host.cgroups.version, firstId: firstId(host.instance, site.slot),
    volume: podPlaces(host.data, name).volume, files: boundFiles(host, image),
    texts: { ...settingsFiles(host.instance, image, site.spec), ...listening(image, portIn(host, image)) },
  }
}

/** Where the image's program listens here. */
export function portIn(host: Host, image: Image): number {
  const port = portOf(image)
  return port < host.runtime.firstPort ? UNPRIVILEGED : port
}

/** A runtime would make a missing file in the shared image; so only files the image has are bound over. */
function boundFiles(host: Host, image: Image): Record<string, string> {
  return hasFile(image, '/etc/resolv.conf') ? { '/etc/resolv.conf': resolvConf(host) } : {}
}

export const resolvConf = (host: Host) => `${host.instance.run}/resolv.conf`

/** Writes the one resolv.conf all pods see. Called at start. */
export async function writeResolvConf(host: Host): Promise<void> {
  await writeFile(resolvConf(host), host.resolvers.map(address => `nameserver ${address}\n`).join(''), { mode: 0o644 })
}

/** The bundle of a site's pod as it would be made now, and its fingerprint. */
export function podBundle(host: Host, name: string, image: Image): { spec: BundleSpec; fingerprint: string } {
  const site = host.states.site(name)
  const netns = netnsPlace(netnsName(host.instance, name))
  const spec = { ...baseSpec(host, name, image), cgroup: podCgroup(host.instance, name), netns, process: imageProcess(image.config, siteEnvironment(host, name), takesOf(image) === 'start' ? site.spec.start : null) }
  return { spec, fingerprint: createHash('sha256').update(JSON.stringify([host.runtime.name, spec])).digest('hex') }
}

/** What its owner sets, and how to reach its database. */
function siteEnvironment(host: Host, name: string): Record<string, string> {
  const access = accessOf(host, name)
  const { env } = host.states.site(name).spec
  if (access === null) return env
  return { ...env, DB_HOST: access.host, DB_PORT: String(access.port), DB_NAME: access.name, DB_USER: access.user, DB_PASSWORD: access.password }
}

/** The fingerprint of the bundle as it would be made now. What it is made of changes only by being replaced, so it is worked out once for each. */
export function podFingerprint(host: Host, name: string, image: Image): string {
  const { spec } = host.states.site(name)
  const known = fingerprints.get(spec)
  if (known?.name === name && known.image === image) return known.fingerprint
  const { fingerprint } = podBundle(host, name, image)
  fingerprints.set(spec, { name, image, fingerprint })
  return fingerprint
}

const fingerprints = new WeakMap<SiteSpec, { name: string; image: Image; fingerprint: string }>()

/** `network` 'none' keeps a workshop without one even while the site runs, 'own' gives it the site's while there is one. `volume`: a mounted directory in the place of the site's volume; `image`: in its image's. */
export type Work = { command: readonly string[]; tty?: boolean; env?: Record<string, string>; cwd?: string; network?: 'pod' | 'own' | 'none'; volume?: string; image?: string }

/** A workshop ready to be run: spawn `argv` with the streams you want, then `remove` whatever happened. */
export type Workbench = { id: string; argv: string[]; cgroup: string; remove(): Promise<void> }

/**
 * Makes a short-lived container of a site: its ids, volume, image and limits; the pod's network while the site runs, else none.
 * Works in every tier; nothing of it is left after `remove`, which also ends whatever still runs in it.
 */
export async function workbench(host: Host, name: string, work: Work): Promise<Workbench> {
  const work1 = `work-${randomBytes(6).toString('hex')}`
  const id = `${containerId(host.instance, name)}.${work1}`
  const cgroup = `${siteCgroup(host.instance, name)}/${work1}`
  const left = host.benches.open(name)
  const remove = () => removeWorkbench(host, name, id, cgroup).finally(left)
  try {
    if (work.volume === undefined) await ensureVolume(host, name)
    await host.cgroups.limit(siteCgroup(host.instance, name), host.states.site(name).spec.limits)
    await writeBundle(bundlePlace(host.instance, id), workSpec(host, name, cgroup, work))
  } catch (error) {
    await remove()
    throw error
  }
  return { id, cgroup, argv: host.runtime.run(id, bundlePlace(host.instance, id)), remove }
}

function workSpec(host: Host, name: string, cgroup: string, { command, tty = false, env = {}, cwd = '/var/www', network = 'pod', volume, image: other }: Work): BundleSpec {
  const { image: prepared, tier } = host.states.life(name)
  const image = other !== undefined ? imageFor(host, other) : prepared ? find(prepared.name, prepared.version, host.images) : imageOf(host, name)
  const netns = network === 'own' || (tier === 'running' && network === 'pod') ? netnsPlace(netnsName(host.instance, name)) : null
  const all = environment(image.config, { ...siteEnvironment(host, name), ...env })
  return { ...baseSpec(host, name, image), ...(volume === undefined ? {} : { volume }), cgroup, netns, process: { args: [...command], env: all, cwd, tty } }
}

async function removeWorkbench(host: Host, name: string, id: string, cgroup: string): Promise<void> {
  await host.cgroups.kill(cgroup)
  await host.runtime.remove(id)
  await host.cgroups.remove(cgroup)
  await rm(bundlePlace(host.instance, id), { recursive: true, force: true })
  if (host.states.life(name).tier === 'cold') await releaseVolume(host, name)
}

/** argv of a command run in the running pod, with its environment; the caller spawns it. */
export function execInPod(host: Host, name: string, { command, tty = false, cwd = '/var/www' }: Work): string[] {
  return host.runtime.exec(containerId(host.instance, name), command, { tty, cwd })
}
