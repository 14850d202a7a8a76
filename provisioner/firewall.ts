// What pods may reach, as nftables: one inet and one bridge table of the house's own. Called by network.ts, main and reconcile.
import * as commands from './commands/network.ts'
import type { Host } from './host.ts'
import { addresses, databaseLink, linkLocal, subnet4, subnet6, type Addresses, type Instance } from './instance.ts'
import { groundsRules, ledAnew, leadsOf, type Lead } from './grounds.ts'
import { run } from './run.ts'

/** Never reached from a pod: other private networks (the host's among them), other pods, the cloud's metadata service, multicast. */
const PRIVATE_4 = '0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/3'
const PRIVATE_6 = '::/128, ::1/128, ::ffff:0:0/96, 64:ff9b:1::/48, fc00::/7, fe80::/10, fec0::/10, ff00::/8'
const MAIL = '25, 465, 587'

/** Where the database listens for sites. Theirs alone: the house's administrator has a port that no pod reaches. */
export const DATABASE_PORT = 3306
/** Connections of one site to the database, those that haven't said who they are included. */
const DATABASE_CONNECTIONS = 40

/** Conversations a pod may have begun and not ended, and how many it may begin in a second: the kernel's table of them is all sites' together. */
const MOST_FLOWS = 1024
const NEW_FLOWS = 'limit rate over 100/second burst 400 packets'
/** Of pings each one counts: a conversation of them is one, however many they are. */
const PINGS = 'limit rate over 20/second burst 50 packets'

/** `online`: whether it may reach anything but who asks it. */
export type Port = { veth: string; online: boolean } & Addresses

type Ruled = Pick<Host, 'instance' | 'resolvers' | 'grounds'> & { leads: Lead[] }

/** Both tables as one transaction that replaces what was there, for the pods connected now. */
export function ruleset(house: Ruled, ports: Port[]): string {
  const of = house.instance
  return [replaced('inet', of, inetTable(house, ports)), replaced('bridge', of, bridgeTable(ports))].join('\n')
}

function replaced(family: string, of: Instance, body: string): string {
  return `table ${family} ${of.id} {}\ndelete table ${family} ${of.id}\ntable ${family} ${of.id} {\n${body}\n}\n`
}

const set = (name: string, type: string, elements: string[]) =>
  `  set ${name} {\n    type ${type}\n${elements.length > 0 ? `    elements = { ${elements.join(', ')} }\n` : ''}  }`
const counted = (name: string, type: string, more = '') => `  set ${name} {\n    type ${type}\n    flags dynamic\n    size 8192\n${more}  }`

/** What a pod begins comes by `begun`; all else it sends is an answer. A pod that isn't `online` begins nothing. */
function inetTable({ instance: of, resolvers, grounds, leads }: Ruled, ports: Port[]): string {
  const sites = grounds === null ? { input: '', chains: '' } : groundsRules(grounds, leads, of.id)
  const database = databaseLink(of)
  const dns = resolvers.map(address => `${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} meta l4proto { tcp, udp } th dport 53 accept`)
  const all = ports.map(elements)
  return [
    set('online4', 'ipv4_addr', all.flatMap(each => each.online4)), set('online6', 'ipv6_addr', all.flatMap(each => each.online6)),
    counted('starts4', 'ipv4_addr', '    timeout 1m\n'), counted('starts6', 'ipv6_addr', '    timeout 1m\n'), counted('flows4', 'ipv4_addr'), counted('flows6', 'ipv6_addr'),
    counted('pings4', 'ipv4_addr', '    timeout 1m\n'), counted('pings6', 'ipv6_addr', '    timeout 1m\n'), `
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${database.device}" jump from_database
    oifname "${database.device}" jump to_database
    iifname "${of.id}" jump from_pod
    oifname "${of.id}" jump to_pod
  }
  chain to_pod {
    ct state established,related accept
    drop
  }
  chain from_pod {
    ct state invalid drop
    ct direction reply accept
    jump begun
    ip daddr { ${PRIVATE_4} } reject with icmpx admin-prohibited
    ip6 daddr { ${PRIVATE_6} } reject with icmpx admin-prohibited
    tcp dport { ${MAIL} } reject with tcp reset
  }
  set database_clients {
    type ipv4_addr
    size 65535
    flags dynamic
  }
  chain to_database {
    ct state established,related accept
    iifname "${of.id}" ip saddr ${subnet4(of)} ip daddr ${database.pod} tcp dport ${DATABASE_PORT} jump to_database_port
    reject with icmpx admin-prohibited
  }
  chain to_database_port {
    ct state new add @database_clients { ip saddr ct count over ${DATABASE_CONNECTIONS} } reject with tcp reset
    accept
  }
  chain from_database {
    ct state established,related accept
    drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    oifname "${database.device}" meta skuid != 0 reject with icmpx admin-prohibited
  }
  chain begun {
    ip saddr != @online4 reject with icmpx admin-prohibited
    ip6 saddr != @online6 reject with icmpx admin-prohibited
    icmp type echo-request update @pings4 { ip saddr ${PINGS} } drop
    icmpv6 type echo-request update @pings6 { ip6 saddr ${PINGS} } drop
    ct state new update @starts4 { ip saddr ${NEW_FLOWS} } drop
    ct state new update @starts6 { ip6 saddr ${NEW_FLOWS} } drop
    ct state new add @flows4 { ip saddr ct count over ${MOST_FLOWS} } drop
    ct state new add @flows6 { ip6 saddr ct count over ${MOST_FLOWS} } drop
    ${dns.join('\n    ')}
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "${database.device}" jump from_database
    iifname "${of.id}" jump to_host
${sites.input}  }${sites.chains}
  chain to_host {
    ct direction reply accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
    ct state invalid drop
    jump begun
    reject with icmpx admin-prohibited
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet4(of)} oifname != { "${of.id}", "${database.device}" } masquerade
    ip6 saddr ${subnet6(of)} oifname != "${of.id}" masquerade
  }`].join('\n')
}

/**
 * Stateless, per port: a frame whose sender isn't the pod's own MAC, IPv4 or IPv6 address goes no further.
 * Nothing is bridged from port to port: ports are isolated as well, which another tool could undo.
 */
function bridgeTable(ports: Port[]): string {
  const all = ports.map(elements)
  return [
    set('ports', 'ifname', all.flatMap(each => each.ports)), set('macs', 'ifname . ether_addr', all.flatMap(each => each.macs)), set('ipv4s', 'ifname . ipv4_addr', all.flatMap(each => each.ipv4s)),
    set('ipv6s', 'ifname . ipv6_addr', all.flatMap(each => each.ipv6s)), `
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname @ports jump spoofing
  }
  chain spoofing {
    iifname . ether saddr != @macs drop
    ether type arp jump arp_spoofing
    ether type ip iifname . ip saddr @ipv4s accept
    ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } drop
    ether type ip6 iifname . ip6 saddr @ipv6s accept
    drop
  }
  chain arp_spoofing {
    iifname . arp saddr ether != @macs drop
    iifname . arp saddr ip != @ipv4s drop
    accept
  }
  chain forward {
    type filter hook forward priority -300; policy accept;
    iifname @ports drop
    oifname @ports drop
  }`].join('\n')
}

const SETS = { ports: 'bridge', macs: 'bridge', ipv4s: 'bridge', ipv6s: 'bridge', online4: 'inet', online6: 'inet' } as const
type SetName = keyof typeof SETS

function elements({ veth, mac, ipv4, ipv6, online }: Port): Record<SetName, string[]> {
  const port = `"${veth}"`
  return {
    ports: [port], macs: [`${port} . ${mac}`], ipv4s: [`${port} . ${ipv4}`], ipv6s: [`${port} . ${ipv6}`, `${port} . ${linkLocal(mac)}`],
    online4: online ? [ipv4] : [], online6: online ? [ipv6] : [],
  }
}

/** A change of one port's elements in all sets, as one transaction. Those there are taken out first: elements can only be deleted that are there. */
export function portChange(of: Instance, verb: 'add' | 'delete', port: Port): string {
  const lines = (action: 'add' | 'delete', own: Record<SetName, string[]>) =>
    (Object.keys(SETS) as SetName[]).flatMap(name => (own[name].length > 0 ? [`${action} element ${SETS[name]} ${of.id} ${name} { ${own[name].join(', ')} }`] : []))
  const every = elements({ ...port, online: true })
  return [...lines('add', every), ...lines('delete', every), ...(verb === 'add' ? lines('add', elements(port)) : []), ''].join('\n')
}

/** How often it is tried to put tables in place that another program takes away at once. */
const TRIES = 3

/** How the whole tables of each house are listed. */
const listed = new WeakMap<Host, string>()

/** Puts both tables in place. A listing counts only if it has all that was put there: another program may have removed some of it in between. */
export async function fortify(host: Host): Promise<void> {
  const ports = host.states.names().flatMap(name => {
    const { veth } = host.states.life(name)
    return veth === null ? [] : [portOf(host, name, veth)]
  })
  const { instance, resolvers, grounds } = host
  const rules = ruleset({ instance, resolvers, grounds, leads: leadsOf(host) }, ports)
  for (let tries = 0; tries < TRIES; tries++) {
    await run(commands.loadRules(), { input: rules })
    const now = await listing(host).catch(() => '')
    if (outline(now) === outline(rules)) return void listed.set(host, now)
  }
  listed.delete(host)
}

/** A change that changes nothing, for who listens. */
export const sign = ({ id }: Instance): string => `table inet ${id}_sign {}\ndelete table inet ${id}_sign\n`

/** The chains of a ruleset, in nft's words or ours, each with its number of rules. */
export function outline(rules: string): string {
  const chains = [...rules.matchAll(/^\s*chain (\S+) \{\n([^]*?)\n?^\s*\}$/gm)]
  return chains.map(([, name, body = '']) => `${name} ${body.split('\n').filter(line => line.trim() !== '').length}`).sort().join(', ')
}

/** Whether both tables are as we made them. */
export async function inPlace(host: Host): Promise<boolean> {
  return listed.get(host) === await listing(host).catch(() => '')
}

async function listing({ instance }: Host): Promise<string> {
  const both = await Promise.all(['inet', 'bridge'].map(family => run(commands.listTable(family, instance.id))))
  return both.join('')
}

/** Leads sites' open ports where they go from now on. One after the other, for each puts all of them in place. Connections that are there go on: closing them is the relays'. */
export async function lead(host: Host): Promise<void> {
  if (host.grounds === null) return
  await host.queue.run(LEADS, () => run(commands.loadRules(), { input: ledAnew(host.instance, leadsOf(host)) }).then(() => {}).catch(() => fortify(host)))
}

/** No site can be called this. */
const LEADS = '/leads'

/** Lets a port's own addresses through, and nothing else; again, after a change of what the site may reach. Where the tables are gone they come back. */
export async function admit(host: Host, name: string, veth: string): Promise<void> {
  await change(host, 'add', name, veth).catch(() => fortify(host))
}

/** Forgets a port. */
export async function dismiss(host: Host, name: string, veth: string): Promise<void> {
  await change(host, 'delete', name, veth).catch(error => host.log.debug({ site: name, error: String(error) }, 'port had no rules'))
}

async function change(host: Host, verb: 'add' | 'delete', name: string, veth: string): Promise<void> {
  await run(commands.loadRules(), { input: portChange(host.instance, verb, portOf(host, name, veth)) })
}

function portOf(host: Host, name: string, veth: string): Port {
  const { slot, spec } = host.states.site(name)
  return { veth, online: spec.egress === 'internet', ...addresses(host.instance, slot) }
}
