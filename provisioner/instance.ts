// What keeps two houses on one machine apart: each has a number, and with it a bridge, tables, addresses, cgroups and ids of its own.
// claim.ts decides the number; everything else here follows from it.

export const DEFAULT_DATA = '/var/lib/auberge'
export const INSTANCES = 16
/** Ids of one site. */
export const IDS = 65_536

const FIRST_ID = 0x1000_0000
const SLOTS_OF_0 = 4093
const SLOTS_OF_OTHERS = 1638

export type Instance = {
  number: number
  /** Bridge, nftables tables, cgroup parent; prefix of network namespaces and container ids. */
  id: string
  /** The first three groups of the house's random network of RFC 4193, none of them 0; its only /64 is the one followed by `::`. */
  ula: string
  slots: number
  firstSlot: number
  /** Runtime state; on a tmpfs, so that it never outlives the processes it describes. */
  run: string
}

/** The instance with a number from 0 to 15. */
export function instance(number: number, ula: string): Instance {
  const others = number === 0 ? 0 : SLOTS_OF_0 + (number - 1) * SLOTS_OF_OTHERS
  return { number, id: `auberge${number}`, ula, slots: number === 0 ? SLOTS_OF_0 : SLOTS_OF_OTHERS, firstSlot: others, run: `/run/auberge/${number}` }
}

/** First host id of the site in a slot; its root. The last id of all is below 2^31. */
export const firstId = (of: Instance, slot: number) => FIRST_ID + (of.firstSlot + slot) * IDS

export type Addresses = { ipv4: string; ipv6: string; mac: string }

const GATEWAY_HOST = 1
const octets = (of: Instance, host: number) => `10.213.${16 * of.number + (host >> 8)}.${host & 255}`

/** The addresses of the site in a slot. */
export function addresses(of: Instance, slot: number): Addresses {
  const host = slot + 2
  const hex = host.toString(16).padStart(4, '0')
  return { ipv4: octets(of, host), ipv6: `${of.ula}::${host.toString(16)}`, mac: `02:a0:be:${of.number.toString(16).padStart(2, '0')}:${hex.slice(0, 2)}:${hex.slice(2)}` }
}

export const gateway = (of: Instance) => ({ ipv4: octets(of, GATEWAY_HOST), ipv6: `${of.ula}::1` })
export const subnet4 = (of: Instance) => `${octets(of, 0)}/20`
export const subnet6 = (of: Instance) => `${of.ula}::/64`

/** Where the house's database pod is: a link of two addresses between it and the host, in a network of its own beside those of all sites. */
export const databaseLink = (of: Instance) => ({ device: `${of.id}db`, host: `10.214.${of.number}.1`, pod: `10.214.${of.number}.2` })

/** First host id of the database pod: below those of all sites. */
export const databaseFirstId = (of: Instance) => FIRST_ID - (of.number + 1) * IDS

/** The link-local address Linux makes of a MAC (RFC 4291 appendix A). */
export function linkLocal(mac: string): string {
  const b = mac.split(':').map(part => Number.parseInt(part, 16))
  const bytes = [b[0]! ^ 2, b[1]!, b[2]!, 0xff, 0xfe, b[3]!, b[4]!, b[5]!]
  const groups = [0, 2, 4, 6].map(i => ((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return `fe80::${groups.join(':')}`
}

export const netnsName = (of: Instance, name: string) => `${of.id}-${name}`
export const containerId = (of: Instance, name: string) => `${of.id}-${name}`
/** A site's cgroup carries its limits; its pod and its workshops are children. */
export const siteCgroup = (of: Instance, name: string) => `/${of.id}/${name}`
export const podCgroup = (of: Instance, name: string) => `${siteCgroup(of, name)}/pod`
