// Ports of a site's own IPv6 address that lead to the same port in its pod. Parsed here for control, and again by the provisioner, which trusts nobody.
import { AubergeError } from '../wire/error.ts'
import type { House } from '../wire/house.ts'

/**
 * A port that is open. `slot`: which of the house's side doors it comes in by, for as long as it is open. `proxyProtocol`: each connection to the pod begins
 * with a line that says who the visitor is.
 */
export type OpenPort = { port: number; slot: number; proxyProtocol: boolean }

/** Ports a site may have open; the house has a side door for each. */
export const MOST_PORTS = 4

/** What visitors take for the house itself, on every address. */
const NEVER = [53, 80, 443]

/** The doors of a house, whose ports sites can't have. */
export type Doors = Pick<House, 'http' | 'https' | 'dns' | 'sides'>

/** A port that a site may have. */
export function parsePort(input: unknown, doors: Doors): number {
  const port = typeof input === 'string' && /^\d{1,5}$/.test(input) ? Number(input) : input
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) throw new AubergeError('invalid', 'a port is a whole number from 1 to 65535')
  if (isOurs(port, doors)) throw new AubergeError('invalid', `port ${port} is the house's own on every address: choose another`)
  return port
}

/** Whether the house keeps a port to itself. */
export function isOurs(port: number, { http, https, dns, sides }: Doors): boolean {
  return NEVER.includes(port) || [...http, ...https, ...dns, ...sides].some(door => door.port === port)
}

/** With one more; one that is open already is what it is now said to be. The slot is the first that is free. */
export function opened(ports: readonly OpenPort[], port: number, proxyProtocol: boolean): OpenPort[] {
  const others = ports.filter(each => each.port !== port)
  const slots = Array.from({ length: MOST_PORTS }, (_, slot) => slot)
  const slot = ports.find(each => each.port === port)?.slot ?? slots.find(free => others.every(each => each.slot !== free))
  if (slot === undefined) throw new AubergeError('quota', `a site has at most ${MOST_PORTS} ports open: close one first`)
  return [...others, { port, slot, proxyProtocol }].sort((a, b) => a.port - b.port)
}
