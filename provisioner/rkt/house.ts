// What a house that runs pods by rkt has on the machine: rkt's directory, a network of its own, programs that stand before the host's. Called by host.ts and reconcile.ts.
import { readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { places } from '../../wire/house.ts'
import { AubergeError } from '../../wire/error.ts'
import { findRkt, NO_RKT } from '../../wire/rkt.ts'
import type { Cgroups } from '../cgroup.ts'
import { deleteNetns } from '../commands/network.ts'
import * as commands from '../commands/rkt.ts'
import { gateway, netnsName, podCgroup, subnet4, type Instance } from '../instance.ts'
import { netnsNames } from '../network.ts'
import { netnsPlace } from '../places.ts'
import { run, succeeds } from '../run.ts'
import { unmounted } from '../volume.ts'
import { forgetImages } from './images.ts'
import { pods } from './pods.ts'

/** Where rkt looks for networks (`run-prepared` has no other place), and what it remembers of their addresses. */
const NETWORKS = '/etc/rkt/net.d'
const ADDRESSES = '/var/lib/cni/networks'

/** `bundles`: the directory of the bundles, by container id. `network`: its name in /etc/rkt/net.d. `programs`: comes first on rkt's PATH. */
export type RktPlace = commands.Rkt & { bundles: string; network: string; programs: string }

const networkFile = (of: Instance) => `${NETWORKS}/${of.id}.conf`

/** The house's network for rkt's own CNI plugins, which speak an early version: one range, IPv4. The bridge has its addresses from us. */
export function networkConfig(of: Instance) {
  return {
    cniVersion: '0.1.0', name: of.id, type: 'bridge', bridge: of.id, isGateway: false, ipMasq: false,
    ipam: { type: 'host-local', subnet: subnet4(of), gateway: gateway(of).ipv4, routes: [{ dst: '0.0.0.0/0' }] },
  }
}

/** Gets the machine's rkt ready for a house: its directories and network, nothing left of pods that ended. `unavailable` where there is no rkt. */
export async function openRkt(of: Instance, data: string, images?: string): Promise<RktPlace> {
  const dir = places(data).rkt
  const place = { dir, bundles: `${of.run}/bundles`, network: of.id, programs: `${dir}/programs` }
  if (/[:\\]/.test(data)) throw new AubergeError('invalid', `rkt can't mount what is in ${data}: a path for it has neither a colon nor a backslash; choose another with --data`)
  if (findRkt() === null) throw new AubergeError('unavailable', NO_RKT)
  for (const made of [place.dir, place.programs]) await mkdir(made, { recursive: true, mode: 0o700 })
  await mkdir(NETWORKS, { recursive: true })
  await writeFile(networkFile(of), JSON.stringify(networkConfig(of)), { mode: 0o644 })
  await writeFile(`${place.programs}/systemd-nspawn`, readFileSync(new URL('nspawn.sh', import.meta.url)), { mode: 0o700 })
  await run(commands.collect(place))
  await forgetImages(place, images)
  return place
}

/** Ends what an earlier start of the house with rkt has left, where it has another runtime now. Its sites that were awake wake again when they are asked for. */
export async function leaveRkt(of: Instance, data: string, cgroups: Cgroups): Promise<void> {
  if (!(await stat(places(data).rkt).catch(() => null))) return
  const bundles = `${of.run}/bundles`
  for (const id of await readdir(bundles)) if (await stat(`${bundles}/${id}/uuid`).catch(() => null)) await endPod(of, `${bundles}/${id}`, id.slice(of.id.length + 1), cgroups)
  await collectRkt(of, data)
}

async function endPod(of: Instance, bundle: string, name: string, cgroups: Cgroups): Promise<void> {
  await cgroups.kill(podCgroup(of, name))
  await unmounted(`${bundle}/scratch`)
  await succeeds(deleteNetns(netnsName(of, name)))
}

/** Removes what a house that is gone has of rkt on this machine. Its processes have ended. */
export async function collectRkt(of: Instance, data: string): Promise<void> {
  const rkt = { dir: places(data).rkt }
  if (await stat(`${rkt.dir}/pods`).catch(() => null)) {
    for (const pod of await pods(rkt).catch(() => [])) await succeeds(commands.remove(rkt, pod.name))
    await rm(rkt.dir, { recursive: true, force: true })
  }
  await unnameNetworks(of)
  await rm(networkFile(of), { force: true })
  await rm(`${ADDRESSES}/${of.id}`, { recursive: true, force: true })
}

/** The names that rkt gave networks of ours: where its directory is gone, nobody else knows them. */
async function unnameNetworks(of: Instance): Promise<void> {
  const inode = (name: string) => statSync(netnsPlace(name), { throwIfNoEntry: false })?.ino
  const all = netnsNames()
  const ours = new Set(all.filter(name => name.startsWith(`${of.id}-`)).map(inode))
  for (const name of all) if (name.startsWith('cni-') && ours.has(inode(name))) await succeeds(deleteNetns(name))
}
