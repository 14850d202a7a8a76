// Removes everything of a site from the host. Called by destroy, by create's undo and by reconcile; does no harm done twice.
import { rm } from 'node:fs/promises'
import { lead } from '../firewall.ts'
import type { Host } from '../host.ts'
import { containerId, siteCgroup } from '../instance.ts'
import { removeLog } from '../log.ts'
import { disconnect } from '../network.ts'
import { podPlaces } from '../places.ts'
import { dropStage } from '../staging.ts'
import { removeVolume } from '../volume.ts'
import { discard } from './prepare.ts'

/** Processes, containers, network, mounts, cgroups, files; the slot is free when it resolves. */
export async function erase(host: Host, name: string): Promise<void> {
  const cgroup = siteCgroup(host.instance, name)
  const exposed = host.states.has(name) ? host.states.site(name).spec.exposed : null
  await host.cgroups.kill(cgroup)
  await discard(host, name)
  await removeContainers(host, name)
  await disconnect(host, name)
  await host.cgroups.remove(cgroup)
  await removeLog(host, name)
  await removeVolume(host, name)
  await dropStage(host, name)
  await host.database.drop(name)
  await rm(podPlaces(host.data, name).dir, { recursive: true, force: true })
  host.states.forget(name)
  if (exposed !== null) await lead(host)
}

/** Workshops of the site that were under way. */
async function removeContainers(host: Host, name: string): Promise<void> {
  const prefix = `${containerId(host.instance, name)}.`
  for (const { id } of await host.runtime.list()) if (id.startsWith(prefix)) await host.runtime.remove(id)
}
