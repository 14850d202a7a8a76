// Makes a site's pod and volume, ready to start, or gives an existing site another specification. Called by the server, in the site's queue.
import { mkdir } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Pod, SiteSpec } from '../api.ts'
import { admit, lead } from '../firewall.ts'
import type { Host } from '../host.ts'
import { siteCgroup } from '../instance.ts'
import { podPlaces } from '../places.ts'
import { podOf } from '../pod.ts'
import { find, isForSites, newest, parseReference } from '../images/store.ts'
import { AubergeError } from '../../wire/error.ts'
import { ensureVolume, growsLater, growVolume, makeVolume, mustHaveRoom } from '../volume.ts'
import { seed } from '../workshop/seed.ts'
import { erase } from './erase.ts'
import { fresh, goCold, prepare } from './prepare.ts'
import { keepFew } from './sleep.ts'
import { perform } from './steps.ts'

/** Resolves with the pod prepared; of a failure nothing is left. An existing site is updated. */
export async function create(host: Host, name: string, spec: SiteSpec): Promise<Pod> {
  if (host.states.has(name)) return update(host, name, spec)
  mustHaveImage(host, spec.image)
  mustHaveRoom(host)
  await perform(host, name, [
    { name: 'state', act: () => record(host, name, spec), undo: () => erase(host, name) },
    { name: 'volume', act: () => makeVolume(host, name).then(() => ensureVolume(host, name)) },
    { name: 'content', act: () => seed(host, name) },
    { name: 'pod', act: () => prepare(host, name) },
    { name: 'database', act: () => host.database.settle(name) },
    { name: 'done', act: () => host.states.save({ ...host.states.site(name), intent: null }) },
  ])
  if (spec.exposed !== null) await lead(host)
  host.states.live(name, { usedAt: Date.now() })
  keepFew(host)
  return podOf(host, name)
}

/** A version has to be there when a site is first set to it, whatever it means later. */
export function mustHaveImage(host: Host, image: string): void {
  const exact = parseReference(image)
  const found = exact ? find(exact.name, exact.version, host.images) : newest(image, host.images)
  if (!found) throw new AubergeError('not_found', `there is no image ${image}; build it with: auberge image build ${image}`)
  if (!isForSites(found)) throw new AubergeError('invalid', `the image ${image} is the house's own; give the site another, such as php`)
}

async function record(host: Host, name: string, spec: SiteSpec): Promise<void> {
  const slot = host.states.freeSlot()
  await host.states.reserve({ name, slot, spec, intent: 'create', release: null, releases: [] }, () => mkdir(podPlaces(host.data, name).dir, { recursive: true, mode: 0o700 }))
}

/** The disk and the cgroup have their limits at once, the network its policy; the rest takes effect when the pod next wakes (at once where it only waits to be started). */
export async function update(host: Host, name: string, spec: SiteSpec): Promise<Pod> {
  const site = host.states.site(name)
  if (spec.image !== site.spec.image) mustHaveImage(host, spec.image)
  await growVolume(host, name, spec.limits.disk)
  await host.states.save({ ...site, spec })
  await host.database.settle(name)
  const { tier, veth } = host.states.life(name)
  if (veth !== null && spec.egress !== site.spec.egress) await admit(host, name, veth)
  if (!isDeepStrictEqual(spec.exposed, site.spec.exposed)) await lead(host)
  if (tier !== 'cold') await host.cgroups.limit(siteCgroup(host.instance, name), spec.limits)
  if (tier === 'prepared' && growsLater(host, name)) await goCold(host, name)
  if (tier === 'prepared' && !fresh(host, name)) await prepare(host, name)
  return podOf(host, name)
}
