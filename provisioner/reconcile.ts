// Makes the host agree with the state on disk: adopts what runs, finishes or undoes what is half made, collects what nobody knows.
// Called once at start, before the server listens, so nothing else changes anything meanwhile.
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { places } from '../wire/house.ts'
import { cgroups } from './cgroup.ts'
import * as commands from './commands/network.ts'
import * as volumes from './commands/volume.ts'
import { ensureVolume, mounted, mountPoints, unmounted } from './volume.ts'
import type { Exits } from './exits.ts'
import { fortify } from './firewall.ts'
import type { Host } from './host.ts'
import { addresses, containerId, netnsName, podCgroup, siteCgroup, type Instance } from './instance.ts'
import { ensureLog } from './log.ts'
import { netnsNames } from './network.ts'
import { unroute } from './prefix.ts'
import { bundlePlace, DATABASE, netnsPlace, podPlaces } from './places.ts'
import { alive, startOf } from './process.ts'
import { finishAdoption } from './recipes/adopt.ts'
import { erase } from './recipes/erase.ts'
import { goCold } from './recipes/prepare.ts'
import { collectRkt } from './rkt/house.ts'
import { run, succeeds } from './run.ts'
import { dropSnapshots, unfreeze } from './snapshot.ts'
import { dropStage } from './staging.ts'
import type { Container } from './runtime/runtime.ts'

/** One site's trouble is logged and leaves the others alone. */
export async function reconcile(host: Host, exits: Exits): Promise<void> {
  const found: Found = { containers: await host.runtime.list(), groups: new Set(await host.cgroups.children(`/${host.instance.id}`)) }
  for (const name of host.states.names()) await settle(host, exits, name, found).catch(error => host.log.error({ site: name, error: String(error) }, 'could not be reconciled'))
  await collect(host)
  await fortify(host)
}

/** What there is when the provisioner starts. */
type Found = { containers: Container[]; groups: Set<string> }

async function settle(host: Host, exits: Exits, name: string, { containers, groups }: Found): Promise<void> {
  await unfreeze(podPlaces(host.data, name).volume)
  const { intent } = host.states.site(name)
  if (intent === 'adopt') return goCold(host, name).then(() => finishAdoption(host, name))
  if (intent !== null) return erase(host, name)
  await dropStage(host, name)
  if (isClean(host, name, groups)) return
  adoptStarted(host, name, containers)
  const life = host.states.life(name)
  if (life.tier === 'running' || life.tier === 'frozen') return alive(life) ? adopt(host, name) : exits.exited(name)
  const whole = life.tier === 'prepared' && alive(life) && (host.runtime.network === 'prepare' ? connected(host, name) : !begun(host, name, containers))
  if (!whole) await goCold(host, name)
}

function connected(host: Host, name: string): boolean {
  return host.states.life(name).veth !== null && existsSync(netnsPlace(netnsName(host.instance, name)))
}

/** Whether it has been started, whatever we have written down. */
function begun(host: Host, name: string, containers: Container[]): boolean {
  const container = containers.find(each => each.id === containerId(host.instance, name))
  return container?.status === 'running' && container.pid === host.states.life(name).pid
}

/** Whether nothing of the site is on the host but its files: so are nearly all after a restart of the machine, and making each cold again takes a dozen programs. */
function isClean(host: Host, name: string, groups: Set<string>): boolean {
  const { tier, veth } = host.states.life(name)
  const { volume, log } = podPlaces(host.data, name)
  const left = [netnsPlace(netnsName(host.instance, name)), bundlePlace(host.instance, containerId(host.instance, name))]
  return tier === 'cold' && veth === null && !groups.has(name) && !mounted(volume) && !mounted(log) && !left.some(path => existsSync(path))
}

/** A wake that died between the start and writing it down. A pod whose network began with it may have died before that was guarded: it is no such wake. */
function adoptStarted(host: Host, name: string, containers: Container[]): void {
  const life = host.states.life(name)
  if (life.tier !== 'prepared' || host.runtime.network === 'start' || !begun(host, name, containers)) return
  host.states.live(name, { tier: 'running', start: startOf(life.pid) })
}

/** A pod that runs is left alone; whether it is frozen is the cgroup's to say. */
async function adopt(host: Host, name: string): Promise<void> {
  const frozen = await host.cgroups.frozen(podCgroup(host.instance, name))
  host.states.live(name, { tier: frozen ? 'frozen' : 'running' })
  await ensureVolume(host, name)
  await ensureLog(host, name)
}

async function collect(host: Host): Promise<void> {
  const { instance, states, data } = host
  const { pods } = places(data)
  const known = new Set([...states.names(), DATABASE])
  const warm = states.names().filter(name => states.life(name).veth !== null)
  await collectContainers(host)
  await collectCgroups(host, known)
  await collectNetns(instance, new Set([...warm, DATABASE].map(name => netnsName(instance, name))))
  await dropSnapshots(data)
  await collectAddresses(host, new Set(warm.flatMap(name => Object.values(addresses(instance, states.site(name).slot)))))
  for (const name of states.strangers().filter(each => !each.startsWith('.') && each !== DATABASE)) await removeStranger(data, name)
  await detachLoops(`${pods}/`)
}

/** Workshops of a dead provisioner and containers of sites that are cold. */
async function collectContainers(host: Host): Promise<void> {
  const { instance, states, runtime } = host
  const living = states.names().filter(name => states.life(name).pid > 0)
  const kept = new Set([...living, DATABASE].map(name => containerId(instance, name)))
  for (const { id } of await runtime.list()) if (!kept.has(id)) await removeContainer(host, id)
  const bundles = `${instance.run}/bundles`
  for (const id of await readdir(bundles)) if (!kept.has(id)) await rm(`${bundles}/${id}`, { recursive: true, force: true })
}

async function removeContainer(host: Host, id: string): Promise<void> {
  const [name = '', work = 'pod'] = id.slice(host.instance.id.length + 1).split('.')
  await host.cgroups.kill(`${siteCgroup(host.instance, name)}/${work}`)
  await host.runtime.remove(id)
}

/** Sites that are gone, and workshops of those that aren't. */
async function collectCgroups(host: Host, known: Set<string>): Promise<void> {
  for (const name of await host.cgroups.children(`/${host.instance.id}`)) {
    const path = siteCgroup(host.instance, name)
    if (!known.has(name)) await clear(path)
    else for (const child of await host.cgroups.children(path)) if (child !== 'pod') await clear(`${path}/${child}`)
  }
  async function clear(path: string): Promise<void> {
    await host.cgroups.kill(path)
    await host.cgroups.remove(path)
  }
}

async function collectNetns(of: Instance, kept: Set<string>): Promise<void> {
  for (const name of netnsNames()) if (name.startsWith(`${of.id}-`) && !kept.has(name)) await succeeds(commands.deleteNetns(name))
}

/** What host-local remembers of pods that are gone; each address is a file. */
async function collectAddresses(host: Host, kept: Set<string>): Promise<void> {
  const dir = `${places(host.data).pods}/.cni/${host.instance.id}`
  const files = await readdir(dir).catch(() => [])
  for (const file of files) if (/^[0-9a-f.:]+$/.test(file) && !kept.has(file)) await rm(`${dir}/${file}`, { force: true })
}

async function removeStranger(data: string, name: string): Promise<void> {
  const { dir, log, volume, staged } = podPlaces(data, name)
  for (const mount of [log, volume, staged]) await unmounted(mount)
  await rm(dir, { recursive: true, force: true })
}

/** Loop devices of volumes below a directory that aren't mounted. */
async function detachLoops(below: string): Promise<void> {
  const { loopdevices = [] } = JSON.parse((await run(['losetup', '--json', '--output', 'NAME,BACK-FILE'])) || '{}') as { loopdevices?: { name: string; 'back-file': string | null }[] }
  const mounts = mountPoints().join('\n')
  for (const { name, 'back-file': file } of loopdevices) {
    if (file?.startsWith(below) && !mounts.includes(`${file.replace(/ \(deleted\)$/, '').replace(/\/volume\.img$/, '/volume')}`)) await succeeds(volumes.detach(name))
  }
}

/** Everything on this host of a house whose data directory is gone. */
export async function collectDead(of: Instance, data: string): Promise<void> {
  const groups = cgroups()
  await groups.kill(`/${of.id}`)
  await groups.remove(`/${of.id}`)
  await collectRkt(of, data)
  await collectNetns(of, new Set())
  const { pods } = places(data)
  for (const point of mountPoints()) {
    if (![`${pods}/`, `${of.run}/`].some(place => point.startsWith(place))) continue
    // What is held when it is unmounted stays on the host for good.
    if (point.startsWith(`${pods}/`)) await unfreeze(point)
    await unmounted(point)
  }
  await detachLoops(`${pods}/`)
  await unroute(of)
  await rm(of.run, { recursive: true, force: true })
  for (const family of ['inet', 'bridge']) await succeeds(['nft', 'delete', 'table', family, of.id])
  await succeeds(commands.deleteLink(of.id))
}
