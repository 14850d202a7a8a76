// What answers at sites' own IPv6 addresses, as nftables: the front door, and the ports that sites have open, led to the house's side doors.
// Pure. Called by firewall.ts.
import { siteAddress, siteBlock } from '../registry/prefix.ts'
import type { House } from '../wire/house.ts'
import type { Host } from './host.ts'
import type { Instance } from './instance.ts'

/** Where a visitor is let in on sites' addresses: the front door's ports, and the side doors that sites' own ports lead to. `kept`: ports of the house that no site has. */
export type Grounds = { prefix: string; ports: number[]; sides: number[]; kept: number[] }
/** A port of a site's address that leads to a side door. */
export type Lead = { address: string; port: number; side: number }

/** Null without a prefix, and where another program on this host is the door to it. */
export function groundsOf({ ipv6Prefix: prefix = null, http = [], https = [], dns = [], sides = [] }: Partial<House>): Grounds | null {
  const ports = [...http, ...https].filter(listen => listen.address === '::').map(listen => listen.port)
  return prefix === null || ports.length === 0 ? null : { prefix, ports, sides: sides.map(side => side.port), kept: [...http, ...https, ...dns, ...sides].map(listen => listen.port) }
}

const element = ({ address, port, side }: Lead) => `${address} . ${port} : ${address} . ${side}`

/** The pieces of the house's inet table. Other programs of the host that listen on every address are none of a site's, and side doors are for what was led there. */
export function groundsRules({ prefix, ports, sides }: Grounds, leads: Lead[], bridge: string): { input: string; chains: string } {
  const block = siteBlock(prefix)
  const led = sides.length === 0 ? '' : `    tcp dport { ${sides.join(', ')} } ct status dnat accept\n`
  return {
    input: `    ip6 daddr ${block} jump to_sites\n${sides.length === 0 ? '' : `    meta nfproto ipv6 tcp dport { ${sides.join(', ')} } reject with tcp reset\n`}`,
    chains: `
  map exposed {
    type ipv6_addr . inet_service : ipv6_addr . inet_service
${leads.length === 0 ? '' : `    elements = { ${leads.map(element).join(', ')} }\n`}  }
  chain to_sites {
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport { ${ports.join(', ')} } accept
${led}    meta l4proto tcp reject with tcp reset
    reject with icmpv6 admin-prohibited
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname != "${bridge}" ip6 daddr ${block} dnat ip6 to ip6 daddr . tcp dport map @exposed
  }
  chain output_nat {
    type nat hook output priority -100; policy accept;
    ip6 daddr ${block} dnat ip6 to ip6 daddr . tcp dport map @exposed
  }`,
  }
}

/** What every site's open ports lead to. */
export function leadsOf({ grounds, states }: Pick<Host, 'grounds' | 'states'>): Lead[] {
  if (grounds === null) return []
  return states.names().flatMap(name => {
    const { exposed } = states.site(name).spec
    return exposed === null ? [] : exposed.ports.flatMap(each => leadOf(grounds, exposed.interface, each))
  })
}

function leadOf({ prefix, sides, kept }: Grounds, own: string, { port, slot }: { port: number; slot: number }): Lead[] {
  const side = sides[slot]
  return side === undefined || kept.includes(port) ? [] : [{ address: siteAddress(prefix, own), port, side }]
}

/** The map as a transaction: every site's open ports, and no others. */
export function ledAnew(of: Instance, leads: Lead[]): string {
  const all = leads.map(element).join(', ')
  return [`flush map inet ${of.id} exposed`, ...(all === '' ? [] : [`add element inet ${of.id} exposed { ${all} }`]), ''].join('\n')
}
