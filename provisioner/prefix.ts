// Makes the house's IPv6 prefix this host's own, whichever address in it a visitor connects to (a local route, "any-IP"),
// and takes it back. Called by provision.ts when the house opens and closes, and by reconcile.ts for a house that is gone. What answers there: grounds.ts.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import type { House } from '../wire/house.ts'
import * as commands from './commands/network.ts'
import type { Instance } from './instance.ts'
import { run, succeeds } from './run.ts'

/** What was made local: the prefix, and the panel's address where the house had to bring it. */
type Made = { prefix: string; panel: string | null }

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
