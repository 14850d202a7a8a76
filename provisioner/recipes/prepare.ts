// Gets a pod ready to start, and takes that back. Called by create, wake, sleep and reconcile; never by the server itself.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { writeBundle } from '../bundle.ts'
import { collect } from '../children.ts'
import { imageOf, podBundle, podFingerprint, portIn } from '../container.ts'
import type { Host } from '../host.ts'
import { find, takesOf, type Image } from '../images/store.ts'
import { addresses, containerId, netnsName, podCgroup, siteCgroup } from '../instance.ts'
import { ensureLog, openLog, releaseLog } from '../log.ts'
import { connect, disconnect, isolate } from '../network.ts'
import { bundlePlace, netnsPlace } from '../places.ts'
import { startOf } from '../process.ts'
import { together } from '../together.ts'
import { ensureVolume, releaseVolume } from '../volume.ts'
import { perform } from './steps.ts'

/** Milliseconds Apache has to finish what it does when it is told to end. */
const GRACE = 2000

/** Cold, failed or outdated → prepared: everything but the site's own process. What was made is undone when a step fails. */
export async function prepare(host: Host, name: string): Promise<void> {
  const image = imageOf(host, name)
  await perform(host, name, [
    { name: 'pod', act: () => make(host, name, image), undo: () => goCold(host, name) },
  ])
}

/** The container needs volume, log, limits and a network namespace; where that leads is settled while the container is made. */
async function make(host: Host, name: string, image: Image): Promise<void> {
  const isNew = lacksNetwork(host, name)
  const limits = host.cgroups.limit(siteCgroup(host.instance, name), host.states.site(name).spec.limits)
  const network = isNew ? isolate(host, name) : Promise.resolve()
  const surroundings = together(ensureVolume(host, name), ensureLog(host, name), limits, network)
  await together(surroundings.then(() => contain(host, name, image)), network.then(() => (isNew ? connect(host, name) : undefined)))
}

function lacksNetwork(host: Host, name: string): boolean {
  if (host.runtime.network === 'start') return false
  return host.states.life(name).veth === null || !existsSync(netnsPlace(netnsName(host.instance, name)))
}

async function contain(host: Host, name: string, image: Image): Promise<void> {
  const id = containerId(host.instance, name)
  const { spec, fingerprint } = podBundle(host, name, image)
  await discard(host, name)
  await writeBundle(bundlePlace(host.instance, id), spec)
  const output = await openLog(host, name)
  const { ipv4 } = addresses(host.instance, host.states.site(name).slot)
  const pid = await host.runtime.prepare(id, bundlePlace(host.instance, id), output.fd, ipv4).finally(() => output.close())
  host.states.live(name, { tier: 'prepared', pid, start: startOf(pid), bundle: fingerprint, image: { name: image.name, version: image.version }, port: portIn(host, image), failure: null })
}

/** Whether the container is what would be made now of image, settings, environment and place, and serves the present release. */
export function fresh(host: Host, name: string): boolean {
  return host.states.life(name).bundle === podFingerprint(host, name, imageOf(host, name)) && servesRelease(host, name)
}

/** False where an application was started with another release: it reads its files only then. */
export function servesRelease(host: Host, name: string): boolean {
  const { image, tier, release } = host.states.life(name)
  if (image === null || (tier !== 'running' && tier !== 'frozen')) return true
  return release === host.states.site(name).release || takesOf(find(image.name, image.version, host.images)) !== 'start'
}

/** Whether there is a container that would be made otherwise now. Not where nothing could be made: it is the best there is. */
export function outdated(host: Host, name: string): boolean {
  try {
    return host.states.life(name).bundle !== null && !fresh(host, name)
  } catch {
    return false
  }
}

/** Ends the pod, gently where `gentle`, and forgets its container; volume, log and, where it is ours, network stay. */
export async function discard(host: Host, name: string, gentle: 'gentle' | 'at once' = 'at once'): Promise<void> {
  const id = containerId(host.instance, name)
  const cgroup = podCgroup(host.instance, name)
  const hurried = () => host.queue.waiting(name) > 0
  await host.runtime.stop(id, cgroup, gentle === 'gentle' ? GRACE : 0, hurried)
  collect(host.states.life(name).pid)
  await host.runtime.remove(id)
  if (host.runtime.network === 'start') await disconnect(host, name)
  await host.cgroups.remove(cgroup)
  await rm(bundlePlace(host.instance, id), { recursive: true, force: true })
  host.states.live(name, { tier: 'cold', pid: 0, start: '', bundle: null, image: null })
}

/** Prepared or failed → cold: nothing of the pod is left but its files. */
export async function goCold(host: Host, name: string): Promise<void> {
  const { failure } = host.states.life(name)
  await discard(host, name)
  await disconnect(host, name)
  await releaseLog(host, name)
  await releaseVolume(host, name)
  await host.cgroups.remove(siteCgroup(host.instance, name)).catch(error => host.log.debug({ site: name, error: String(error) }, 'a workshop keeps the cgroup'))
  host.states.live(name, { tier: failure === null ? 'cold' : 'failed' })
}
