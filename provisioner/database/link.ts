// The database pod's network: a link between it and the host alone, outside the bridge of the sites, so that every packet passes the
// house's own rules (../firewall.ts). IPv4 only: grants are bound to one address of each site. Called by pod.ts.
import * as commands from '../commands/network.ts'
import type { Host } from '../host.ts'
import { databaseLink, netnsName, subnet4 } from '../instance.ts'
import { hasNetns } from '../network.ts'
import { DATABASE } from '../places.ts'
import { run, succeeds } from '../run.ts'

const INSIDE = 'eth0'

/** Makes the link unless it is there, and resolves with the name of the pod's network namespace. */
export async function ensureLink(host: Host): Promise<string> {
  const { instance } = host
  const netns = netnsName(instance, DATABASE)
  const link = databaseLink(instance)
  if (hasNetns(netns) && (await succeeds(commands.showLink(link.device)))) return netns
  await removeLink(host)
  await run(commands.addNetns(netns))
  await run(commands.addPair(link.device, netns, INSIDE))
  await run(commands.withoutIpv6(link.device))
  await run(commands.addAddress(link.device, `${link.host}/30`))
  await run(commands.up(link.device))
  for (const command of inside(link, subnet4(instance))) await run(commands.within(netns, command))
  return netns
}

/** Takes it away, whatever state it is in. */
export async function removeLink({ instance }: Host): Promise<void> {
  const netns = netnsName(instance, DATABASE)
  if (hasNetns(netns)) await run(commands.deleteNetns(netns))
  await succeeds(commands.deleteLink(databaseLink(instance).device))
}

/** The pod knows the way to the sites and to nothing else. */
function inside(link: { host: string; pod: string }, sites: string): string[][] {
  return [
    commands.withoutIpv6('all'), commands.addAddress(INSIDE, `${link.pod}/30`), commands.up('lo'), commands.up(INSIDE), commands.addRoute(sites, link.host),
  ]
}
