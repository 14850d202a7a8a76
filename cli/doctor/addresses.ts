// Addresses of the house, of both kinds, as they are compared. Used by the doctor's looks from outside.
import ipaddr from 'ipaddr.js'
import type { Reached } from './reached.ts'

/** Those that the world reaches it by. */
export function addressesOf({ publicIpv4, publicIpv6 }: Reached): string[] {
  return [publicIpv4, publicIpv6].filter(address => address !== null).map(spelt)
}

export function isSix(address: string): boolean {
  return address.includes(':')
}

/** An address in the one way to write it (RFC 5952). */
export function spelt(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.parse(address).toString() : address
}
