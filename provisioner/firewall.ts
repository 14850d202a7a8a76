// What pods may reach, as nftables: one inet and one bridge table of the house's own. Called by network.ts, main and reconcile.
import * as commands from './commands/network.ts'
import type { Host } from './host.ts'
import { addresses, databaseLink, linkLocal, subnet4, subnet6, type Addresses, type Instance } from './instance.ts'
import { run } from './run.ts'

/** Never reached from a pod: other private networks (the host's among them), other pods, the cloud's metadata service, multicast. */
const PRIVATE_4 = '0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/3'
const PRIVATE_6 = '::/128, ::1/128, ::ffff:0:0/96, 64:ff9b:1::/48, fc00::/7, fe80::/10, fec0::/10, ff00::/8'
const MAIL = '25, 465, 587'

/** Where the database listens for sites. Theirs alone: the house's administrator has a port that no pod reaches. */
export const DATABASE_PORT = 3306
/** Connections of one site to the database, those that haven't said who they are included. */
const DATABASE_CONNECTIONS = 40

export type Port = { veth: string } & Addresses

/** Both tables as one transaction that replaces what was there, for the pods connected now. */
export function ruleset(of: Instance, resolvers: string[], ports: Port[]): string {
  return [replaced('inet', of, inetTable(of, resolvers)), replaced('bridge', of, bridgeTable(ports))].join('\n')
}

function replaced(family: string, of: Instance, body: string): string {
  return `table ${family} ${of.id} {}\ndelete table ${family} ${of.id}\ntable ${family} ${of.id} {\n${body}\n}\n`
}

function inetTable(of: Instance, resolvers: string[]): string {
  const database = databaseLink(of)
  const dns = resolvers.map(address => `${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} meta l4proto { tcp, udp } th dport 53 accept`)
  return `
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
    ${dns.join('\n    ')}
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
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "${database.device}" jump from_database
    iifname "${of.id}" jump to_host
  }
  chain to_host {
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
    ${dns.join('\n    ')}
    drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet4(of)} oifname != { "${of.id}", "${database.device}" } masquerade
    ip6 saddr ${subnet6(of)} oifname != "${of.id}" masquerade
  }`
}

/** Stateless, per port: a frame whose sender isn't the pod's own MAC, IPv4 or IPv6 address goes no further. */
function bridgeTable(ports: Port[]): string {
  const set = (name: string, type: string, elements: string[]) =>
    `  set ${name} {\n    type ${type}\n${elements.length > 0 ? `    elements = { ${elements.join(', ')} }\n` : ''}  }`
  const all = ports.map(elements)
  return [
    set('ports', 'ifname', all.map(each => each.ports)), set('macs', 'ifname . ether_addr', all.map(each => each.macs)),
    set('ipv4s', 'ifname . ipv4_addr', all.map(each => each.ipv4s)), set('ipv6s', 'ifname . ipv6_addr', all.flatMap(each => each.ipv6s)), `
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
  }`].join('\n')
}

const SETS = ['ports', 'macs', 'ipv4s', 'ipv6s'] as const

function elements({ veth, mac, ipv4, ipv6 }: Port) {
  const port = `"${veth}"`
  return { ports: port, macs: `${port} . ${mac}`, ipv4s: `${port} . ${ipv4}`, ipv6s: [`${port} . ${ipv6}`, `${port} . ${linkLocal(mac)}`] }
}

/** A change of one port's elements in all sets, as one transaction. */
export function portChange(of: Instance, verb: 'add' | 'delete', port: Port): string {
  const own = elements(port)
  return SETS.map(set => `${verb} element bridge ${of.id} ${set} { ${[own[set]].flat().join(', ')} }\n`).join('')
}

/** Puts both tables in place. */
export async function fortify(host: Host): Promise<void> {
  const ports = host.states.names().flatMap(name => {
    const { veth } = host.states.life(name)
    return veth === null ? [] : [portOf(host, name, veth)]
  })
  await run(commands.loadRules(), { input: ruleset(host.instance, host.resolvers, ports) })
}

/** Lets a port's own addresses through, and nothing else. */
export const admit = (host: Host, name: string, veth: string) => change(host, 'add', name, veth)

/** Forgets a port. */
export async function dismiss(host: Host, name: string, veth: string): Promise<void> {
  await change(host, 'delete', name, veth).catch(error => host.log.debug({ site: name, error: String(error) }, 'port had no rules'))
}

async function change(host: Host, verb: 'add' | 'delete', name: string, veth: string): Promise<void> {
  await run(commands.loadRules(), { input: portChange(host.instance, verb, portOf(host, name, veth)) })
}

function portOf(host: Host, name: string, veth: string): Port {
  return { veth, ...addresses(host.instance, host.states.site(name).slot) }
}
