// Whether sites can be reached at addresses of their own (--ipv6-prefix), as far as that can be seen from here. Called by outside.ts.
import { networkInterfaces } from 'node:os'
import { execa } from 'execa'
import ipaddr from 'ipaddr.js'
import { newInterface, siteAddress } from '../../registry/prefix.ts'
import { judge, type Finding } from './finding.ts'

type Route = { type?: string; dst: string; dev?: string }
/** What the kernel knows: its tables of routes, and the addresses of its interfaces. */
export type Host = { local: Route[]; defaults: Route[]; addresses: { device: string; address: string }[] }

const SUBJECT = 'IPv6 prefix'

export async function prefixFindings(prefix: string, http: number | null, opens: (address: string, port: number) => Promise<boolean>): Promise<Finding[]> {
  return judged(prefix, await host(), http === null || await opens(siteAddress(prefix, newInterface()), http))
}

/** `answered`: whether an address of the prefix leads to the house's door from here. Pure. */
export function judged(prefix: string, { local, defaults, addresses }: Host, answered: boolean): Finding[] {
  const here = local.some(({ dst }) => dst === prefix)
  const onLink = addresses.find(({ device, address }) => device !== 'lo' && within(prefix, address))
  return [
    judge(SUBJECT, here && answered, `${prefix} is this host's, and its addresses lead to the house`, here
      ? `${prefix} is this host's, but the house doesn't answer there: its doors must listen on [::]`
      : `${prefix} isn't local to this host (ip -6 route show table local): the provisioner's log lines on standard error say why`),
    judge('IPv6 route', defaults.length > 0, 'there is a way out; whether the prefix is routed here can be seen from elsewhere alone: curl -6 a site\'s address from another network',
      'this host has no default route for IPv6: visitors\' packets may come, but no answer goes; ask your provider', 'warning'),
    ...(onLink === undefined ? [] : [{
      subject: 'IPv6 neighbours', verdict: 'warning', detail: `${onLink.device} has ${onLink.address} of ${prefix}, so that the prefix seems to lie on a network rather than to be routed to this host: have it routed, or run a proxy for neighbour discovery (ndppd)`,
    } as const]),
  ]
}

async function host(): Promise<Host> {
  const addresses = Object.entries(networkInterfaces()).flatMap(([device, list]) => (list ?? []).map(({ address }) => ({ device, address })))
  return { local: await routes('table', 'local'), defaults: await routes('default'), addresses }
}

async function routes(...of: string[]): Promise<Route[]> {
  const { exitCode, stdout } = await execa('ip', ['-6', '-json', 'route', 'show', ...of], { reject: false })
  return exitCode === 0 && stdout !== '' ? JSON.parse(stdout) as Route[] : []
}

function within(prefix: string, address: string): boolean {
  return ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(prefix))
}
