// What the zone answers for itself and for every site here: the addresses visitors reach this house on. Called by main's wiring.
import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { siteAddress } from '../../registry/prefix.ts'
import type { NameRecords, Site } from '../../registry/types.ts'
import type { House } from '../../wire/house.ts'

type Said = Pick<House, 'zone' | 'publicIpv4' | 'publicIpv6' | 'http' | 'https'>
type Found = { records: NameRecords; guessed: boolean }

/**
 * The addresses given; else in zone `localhost` the loopback ones; else those the front door listens on; else the first of an
 * interface. `guessed`: nobody said them, and behind address translation they are wrong.
 */
export function ownAddresses(house: Said, interfaces = networkInterfaces()): Found {
  const { publicIpv4, publicIpv6 } = house
  if (publicIpv4 !== null || publicIpv6 !== null) return { records: { a: only(publicIpv4), aaaa: only(publicIpv6) }, guessed: false }
  if (house.zone === 'localhost') return { records: { a: ['127.0.0.1'], aaaa: ['::1'] }, guessed: false }
  const heard = [...house.http, ...house.https].map(one => one.address).filter(address => address !== '0.0.0.0' && address !== '::')
  if (heard.length > 0) return { records: { a: unique(heard.filter(isIPv4)), aaaa: unique(heard.filter(isIPv6)) }, guessed: false }
  const outside = Object.entries(interfaces).flatMap(([name, infos]) => (isOurs(name) ? [] : infos ?? [])).filter(isGlobal)
  const first = (family: 'IPv4' | 'IPv6'): string[] => only(outside.find(info => info.family === family)?.address ?? null)
  return { records: { a: first('IPv4'), aaaa: first('IPv6') }, guessed: true }
}

/** The IPv6 address that is a site's alone; null where the house has no prefix. */
export function ownIpv6({ ipv6Prefix }: Pick<House, 'ipv6Prefix'>, site: Pick<Site, 'interface'>): string | null {
  return ipv6Prefix === null ? null : siteAddress(ipv6Prefix, site.interface)
}

/** What DNS answers for a site here: the house's addresses, but for the IPv6 address of its own where it has one. */
export function siteRecords(own: NameRecords, ipv6: string | null): NameRecords {
  return ipv6 === null ? own : { a: own.a, aaaa: [ipv6] }
}

/** The pods' bridge and its ports lead to no visitor. */
function isOurs(name: string): boolean {
  return name.startsWith('auberge') || name.startsWith('veth')
}

function isGlobal(info: NetworkInterfaceInfo): boolean {
  return !info.internal && !/^(fe[89ab]|169\.254\.)/i.test(info.address)
}

function only(address: string | null): string[] {
  return address === null ? [] : [address]
}

function unique(addresses: string[]): string[] {
  return [...new Set(addresses)]
}
