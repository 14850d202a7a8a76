// A pod's network: a namespace of its own, joined to the house's bridge by the CNI plugins, with addresses chosen by us. Called by recipes.
import { readdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { places } from '../wire/house.ts'
import { AubergeError } from '../wire/error.ts'
import * as commands from './commands/network.ts'
import { admit, dismiss } from './firewall.ts'
import type { Host } from './host.ts'
import { addresses, containerId, gateway, linkLocal, netnsName, subnet4, subnet6, type Addresses, type Instance } from './instance.ts'
import { netnsPlace } from './places.ts'
import { run, succeeds } from './run.ts'
import { together } from './together.ts'

const DEVICE = 'eth0'

/** The house's CNI network: no masquerading by the plugin (firewall.ts does it), both addresses given at ADD. */
export function cniConfig(of: Instance, dataDir: string, own: Addresses) {
  return {
    cniVersion: '1.0.0', name: of.id, type: 'bridge', bridge: of.id, isGateway: true, ipMasq: false, capabilities: { ips: true, mac: true },
    runtimeConfig: { ips: [`${own.ipv4}/20`, `${own.ipv6}/64`], mac: own.mac },
    ipam: {
      type: 'host-local', dataDir,
      ranges: [[{ subnet: subnet4(of), gateway: gateway(of).ipv4 }], [{ subnet: subnet6(of), gateway: gateway(of).ipv6 }]],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    },
  }
}

const cniData = (host: Host) => `${places(host.data).pods}/.cni`
const addressesOf = (host: Host, name: string) => addresses(host.instance, host.states.site(name).slot)

/** Makes the bridge with the gateway's addresses, or completes it. */
export async function ensureBridge(of: Instance, data: string): Promise<void> {
  const mac = `02:a0:be:${of.number.toString(16).padStart(2, '0')}:ff:01`
  await succeeds(commands.addBridge(of.id, mac))
  await run(commands.claimBridge(of.id, data))
  await run(commands.bridgeSettings(of.id))
  const { ipv4, ipv6 } = gateway(of)
  await run(commands.addAddress(of.id, `${ipv4}/20`))
  await run(commands.addAddress(of.id, `${ipv6}/64`))
  await run(commands.up(of.id))
}

/** Gives the site a network namespace that leads nowhere yet: a container can be made in it meanwhile. What was left of an earlier one is removed first. */
export async function isolate(host: Host, name: string): Promise<void> {
  await disconnect(host, name)
  await addNetns(netnsName(host.instance, name))
}

/** Joins a namespace just made to the house's bridge. */
export async function connect(host: Host, name: string): Promise<void> {
  await together(cni(host, name, 'ADD', 'loopback', 'lo'), bridged(host, name))
}

async function bridged(host: Host, name: string): Promise<void> {
  await guard(host, name, hostEnd(await cni(host, name, 'ADD', 'bridge', DEVICE), host.instance.id))
}

/** With a name on this host, as `ip netns add` gives it. */
async function addNetns(netns: string): Promise<void> {
  await mkdir(dirname(netnsPlace(netns)), { recursive: true })
  await writeFile(netnsPlace(netns), '', { flag: 'wx', mode: 0 })
  await run(commands.addSettled(netnsPlace(netns)))
}

/** Makes the network that a runtime gave a pod as it started what `connect` makes: the site's MAC and IPv6 address, a name, and rules. `pid`: a process in it. */
export async function takeOver(host: Host, name: string, pid: number): Promise<void> {
  const netns = netnsName(host.instance, name)
  const own = addressesOf(host, name)
  await run(commands.attachNetns(netns, pid))
  await run(commands.settle(netns))
  await run(commands.setMac(netns, DEVICE, own.mac))
  await run(commands.addAddressInside(netns, DEVICE, `${own.ipv6}/64`))
  await run(commands.addRouteInside(netns, DEVICE, gateway(host.instance).ipv6))
  await guard(host, name, await peerOf(netns))
}

/** The host's end of a namespace's interface. */
async function peerOf(netns: string): Promise<string> {
  const [inside] = JSON.parse(await run(commands.linkInside(netns, DEVICE))) as { link_index?: number }[]
  const all = JSON.parse(await run(commands.links())) as { ifindex: number; ifname: string }[]
  const veth = all.find(link => link.ifindex === inside?.link_index)
  if (!veth) throw new AubergeError('failed', `${DEVICE} of ${netns} has no other end on this host`)
  return veth.ifname
}

/** Isolates a pod's port, says whose it is and lets its own addresses through; at once, for programs that waited for one another here were a fifth of what a reservation takes. */
async function guard(host: Host, name: string, veth: string): Promise<void> {
  const own = addressesOf(host, name)
  host.states.live(name, { veth })
  const neighbours = commands.neighbours(host.instance.id, [own.ipv4, own.ipv6, linkLocal(own.mac)], own.mac)
  await together(
    narrow(host.instance, netnsName(host.instance, name)), admit(host, name, veth),
    run(commands.bridgeBatch(), { input: commands.port(veth, own.mac) }), run(commands.batch(), { input: neighbours }),
  )
}

async function narrow(of: Instance, netns: string): Promise<void> {
  const { ipv4, ipv6 } = gateway(of)
  await together(
    run(commands.batchInside(netns, '-4'), { input: commands.narrow(DEVICE, ipv4, [subnet4(of)]) }),
    run(commands.batchInside(netns, '-6'), { input: commands.narrow(DEVICE, ipv6, [subnet6(of), 'fe80::/64']) }),
  )
}

/** Takes the site's network away: interface, addresses, namespace, rules. Of a site that has none, nothing. */
export async function disconnect(host: Host, name: string): Promise<void> {
  const netns = netnsName(host.instance, name)
  const { veth } = host.states.life(name)
  if (host.runtime.network === 'prepare') await cni(host, name, 'DEL', 'bridge', DEVICE).catch(error => host.log.debug({ site: name, error: String(error) }, 'CNI DEL'))
  const own = addressesOf(host, name)
  for (const address of [own.ipv4, own.ipv6]) await rm(`${cniData(host)}/${host.instance.id}/${address}`, { force: true })
  if (veth === null && !hasNetns(netns)) return
  if (hasNetns(netns)) await run(commands.deleteNetns(netns))
  await together(...[own.ipv4, own.ipv6, linkLocal(own.mac)].map(address => succeeds(commands.forgetNeighbour(host.instance.id, address))))
  if (veth !== null) await dismiss(host, name, veth)
  host.states.live(name, { veth: null })
}

/** Runs `work` while the site has a network; one that had none has none again afterwards. In the site's queue. */
export async function networked<T>(host: Host, name: string, work: () => Promise<T>): Promise<T> {
  const lent = host.states.life(name).veth === null
  if (lent) await isolate(host, name).then(() => connect(host, name))
  try {
    return await work()
  } finally {
    if (lent) await disconnect(host, name)
  }
}

function cni(host: Host, name: string, command: 'ADD' | 'DEL', plugin: 'bridge' | 'loopback', device: string): Promise<string> {
  const own = addressesOf(host, name)
  const netns = netnsName(host.instance, name)
  if (command === 'DEL' && !hasNetns(netns)) return Promise.resolve('')
  const config = plugin === 'bridge' ? cniConfig(host.instance, cniData(host), own) : { cniVersion: '1.0.0', name: 'lo', type: 'loopback' }
  const env = commands.pluginEnvironment(command, containerId(host.instance, name), netnsPlace(netns), device, own.ipv4)
  return run(commands.plugin(plugin), { input: JSON.stringify(config), env })
}

function hostEnd(result: string, bridge: string): string {
  const { interfaces } = JSON.parse(result) as { interfaces: { name: string; sandbox?: string }[] }
  const veth = interfaces.find(each => each.sandbox === undefined && each.name !== bridge)
  if (!veth) throw new AubergeError('failed', `the CNI plugin bridge named no interface of ${bridge}`)
  return veth.name
}

export const hasNetns = (netns: string) => netnsNames().includes(netns)

/** Network namespaces that have a name on this host. */
export function netnsNames(): string[] {
  try { return readdirSync('/run/netns') } catch { return [] }
}

export const bridgeExists = async (of: Instance) => succeeds(['ip', 'link', 'show', of.id])
