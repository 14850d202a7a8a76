// Looks at alice's pod of a real rkt, where this machine has one. Imported by the tests beside it.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Host } from '../../../provisioner/host.ts'
import { podCgroup } from '../../../provisioner/instance.ts'
import { pods } from '../../../provisioner/rkt/pods.ts'
import { places } from '../../../wire/house.ts'
import { findRkt, NO_RKT } from '../../../wire/rkt.ts'
import { type house, traces } from '../house.ts'

/** Why tests that need an rkt aren't run where there is none. */
export const options = { skip: findRkt() === null && NO_RKT }

export type Process = { pid: number; parent: number; status: string; name: string }

/** The processes of alice's pod that are there to be looked at. */
export async function processes(host: Host): Promise<Process[]> {
  const pids = await host.cgroups.tasks(podCgroup(host.instance, 'alice'))
  const statuses = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')))
  return statuses.filter(Boolean).map(status => ({
    status, name: /^Name:\t(.*)$/m.exec(status)![1]!, pid: Number(/^Pid:\t(\d+)$/m.exec(status)![1]), parent: Number(/^PPid:\t(\d+)$/m.exec(status)![1]),
  }))
}

/** Apache's first process. */
export async function apache(host: Host): Promise<Process> {
  const all = await processes(host)
  const servers = all.filter(each => each.name === 'apache2')
  return servers.find(each => !servers.some(other => other.pid === each.parent))!
}

export async function put(client: Awaited<ReturnType<typeof house>>['client'], file: string, content: string): Promise<void> {
  const stream = await client.exec('alice', { command: ['sh', '-c', 'printf %s "$1" >/var/www/html/"$0"', file, content], tty: false })
  stream.resume()
  await new Promise(resolve => stream.once('close', resolve))
}

/** What rkt has on the machine for a house besides its directory. */
export async function left(host: Host, data: string): Promise<string[]> {
  const addresses = (() => { try { return readdirSync(`/var/lib/cni/networks/${host.instance.id}`).filter(file => file.startsWith('10.')) } catch { return [] } })()
  return [...addresses, ...(await pods({ dir: places(data).rkt })).map(pod => pod.name), ...(await traces(host.instance.id, data))]
}
