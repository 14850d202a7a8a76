// Ports of a site's own IPv6 address: opening one, closing one, and how many its owner may open. Called by front.ts.
import type { Account, Site } from '../../registry/types.ts'
import { MOST_PORTS, opened, parsePort, type OpenPort } from '../../registry/ports.ts'
import { AubergeError } from '../../wire/error.ts'
import { pods, siteOf, specOf, type Parts } from './parts.ts'
import { patiently } from './patience.ts'

type ExposeParts = Pick<Parts, 'house' | 'registry' | 'provisioner' | 'states' | 'relays' | 'turns'>

/** Resolves once visitors are led to the pod: relays know the port before anybody is sent to them. */
export async function expose(parts: ExposeParts, actor: Account, name: string, wish: { port: number; proxyProtocol: boolean }): Promise<void> {
  mustHaveSides(parts)
  const port = parsePort(wish.port, parts.house)
  await parts.turns.run(name, async () => {
    const { site } = siteOf(parts, name)
    const ports = opened(site.ports, port, wish.proxyProtocol)
    const most = actor.role === 'admin' ? MOST_PORTS : site.mostPorts
    if (ports.length > site.ports.length && ports.length > most) throw new AubergeError('quota', refusal(name, most))
    await keep(parts, site, ports)
  })
}

/** Resolves once no visitor is led there any more and those who were have been cut off. */
export async function unexpose(parts: ExposeParts, name: string, port: number): Promise<void> {
  await parts.turns.run(name, async () => {
    const { site } = siteOf(parts, name)
    const ports = site.ports.filter(each => each.port !== port)
    if (ports.length === site.ports.length) throw new AubergeError('not_found', `port ${port} of ${name} is not open`)
    await keep(parts, site, ports)
  })
}

/** How many ports an owner may open; the administrator's word. Those that are open stay. */
export function allow(parts: ExposeParts, name: string, mostPorts: number): void {
  siteOf(parts, name)
  if (!Number.isInteger(mostPorts) || mostPorts < 0 || mostPorts > MOST_PORTS) throw new AubergeError('invalid', `a site may have 0 to ${MOST_PORTS} ports open`)
  parts.registry.sites.update(name, { mostPorts })
}

/** The registry first, changed back where the provisioner refuses; what it missed for a kill it is told by reconcile.ts. Runs in the site's turn. */
async function keep(parts: ExposeParts, { name, ports: before }: Site, ports: OpenPort[]): Promise<void> {
  const site = parts.registry.sites.update(name, { ports })
  await parts.relays.settled(parts.states.change(name, { ports }))
  try {
    if (parts.states.get(name)?.pod) parts.states.change(name, { pod: await patiently(() => pods(parts).update(name, specOf(site))) })
  } catch (error) {
    parts.registry.sites.update(name, { ports: before })
    parts.states.change(name, { ports: before })
    throw error
  }
}

function mustHaveSides({ house }: ExposeParts): void {
  if (house.sides.length > 0) return
  throw new AubergeError('conflict', house.ipv6Prefix === null
    ? 'sites of this house have no IPv6 address of their own, and so no port: start it with --ipv6-prefix P/64'
    : 'this house has no door that listens on [::]: have --http listen there')
}

function refusal(name: string, most: number): string {
  return most === 0 ? `${name} may open no port: ask the administrator` : `${name} may have ${most} port(s) open and has: close one first`
}
