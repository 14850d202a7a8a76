// Makes the house's IPv6 prefix this host's own, whichever address in it a visitor connects to (a local route, "any-IP"), and says what of it answers.
// Called by provision.ts when the house opens and closes, by firewall.ts for the rules, and by reconcile.ts for a house that is gone.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { siteBlock } from '../registry/prefix.ts'
import type { House } from '../wire/house.ts'
import * as commands from './commands/network.ts'
import type { Instance } from './instance.ts'
import { run, succeeds } from './run.ts'

/** Where a visitor is let in on sites' addresses: the front door's ports. */
export type Grounds = { prefix: string; ports: number[] }
/** What was made local: the prefix, and the panel's address where the house had to bring it. */
type Made = { prefix: string; panel: string | null }

/** Null without a prefix, and where another program on this host is the door to it. */
export function groundsOf({ ipv6Prefix: prefix = null, http = [], https = [] }: Partial<House>): Grounds | null {
  const ports = [...http, ...https].filter(listen => listen.address === '::').map(listen => listen.port)
  return prefix === null || ports.length === 0 ? null : { prefix, ports }
}

/** Makes the prefix local and takes an earlier one back; does nothing twice. What is made lasts until `unroute`, or until the host stops. */
export async function route(of: Instance, { ipv6Prefix = null, publicIpv6 = null }: Partial<House>): Promise<void> {
  const before = madeBy(of)
  if (before !== null && before.prefix !== ipv6Prefix) await unroute(of)
  if (ipv6Prefix === null) return
  const panel = publicIpv6 !== null && within(ipv6Prefix, publicIpv6) && (before?.panel === publicIpv6 || !isAssigned(publicIpv6)) ? publicIpv6 : null
  writeFileSync(placeOf(of), JSON.stringify({ prefix: ipv6Prefix, panel } satisfies Made))
  await run(commands.addLocal(ipv6Prefix))
  // Answers by UDP leave by an address of an interface: a prefix alone has none.
  if (panel !== null) await run(commands.addAddress('lo', `${panel}/128`))
}

/** Takes back what `route` made. */
export async function unroute(of: Instance): Promise<void> {
  const made = madeBy(of)
  if (made === null) return
  await succeeds(commands.deleteLocal(made.prefix))
  if (made.panel !== null) await succeeds(commands.deleteAddress('lo', `${made.panel}/128`))
  rmSync(placeOf(of), { force: true })
}

/** What is let in to sites' addresses: visitors of the front door. Other programs of the host that listen on every address are none of a site's. */
export function groundsRules({ prefix, ports }: Grounds): { input: string; chains: string } {
  return {
    input: `    ip6 daddr ${siteBlock(prefix)} jump to_sites\n`,
    chains: `
  chain to_sites {
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport { ${ports.join(', ')} } accept
    meta l4proto tcp reject with tcp reset
    reject with icmpv6 admin-prohibited
  }`,
  }
}

/** On a tmpfs, for a route doesn't outlive the host's run either. */
const placeOf = (of: Instance) => `${of.run}/prefix.json`

function madeBy(of: Instance): Made | null {
  try {
    return JSON.parse(readFileSync(placeOf(of), 'utf8')) as Made
  } catch {
    return null
  }
}

function within(prefix: string, address: string): boolean {
  return ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(prefix))
}

function isAssigned(address: string): boolean {
  const spelled = ipaddr.IPv6.parse(address).toRFC5952String()
  return Object.values(networkInterfaces()).some(list => list?.some(entry => entry.address === spelled))
}
