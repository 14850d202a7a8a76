// Which addresses of the house's IPv6 prefix are sites': P:a0be:x:x:x, the last three groups being the site's own. Asked by control, relays and the provisioner.
// One group tells them from whatever else has an address in the prefix (the panel, the host), so that rules for sites touch nothing but sites.
import { randomBytes } from 'node:crypto'
import ipaddr from 'ipaddr.js'

/** "Auberge" as far as hexadecimal goes. */
const SITES = 0xa0be

/** 48 random bits: they can't be found by trying addresses, and among a million sites that ever were two are alike once in five hundred houses. */
export function newInterface(): string {
  return randomBytes(6).toString('hex')
}

/** A site's address in canonical text (RFC 5952), as the kernel and DNS spell it. `prefix` is `P::/64`. */
export function siteAddress(prefix: string, own: string): string {
  const groups = [0, 4, 8].map(at => Number.parseInt(own.slice(at, at + 4), 16))
  return spelled(prefix, [SITES, ...groups])
}

/** Sites' addresses as a block. */
export function siteBlock(prefix: string): string {
  return `${spelled(prefix, [SITES, 0, 0, 0])}/80`
}

/** Whether an address, spelled as the kernel does, is in the sites' part. */
export function isSites(prefix: string, address: string): boolean {
  return ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(siteBlock(prefix)))
}

function spelled(prefix: string, low: number[]): string {
  const [address = ''] = prefix.split('/')
  return new ipaddr.IPv6([...ipaddr.IPv6.parse(address).parts.slice(0, 4), ...low]).toRFC5952String()
}
