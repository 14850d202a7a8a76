// Addresses of the house, of both kinds, as they are compared. Used by the doctor's looks from outside.
import { canonical } from '../../wire/address.ts'
import type { Reached } from './reached.ts'

/** Those that the world reaches it by. */
export function addressesOf({ publicIpv4, publicIpv6 }: Reached): string[] {
  return [publicIpv4, publicIpv6].filter(address => address !== null).map(canonical)
}

export function isSix(address: string): boolean {
  return address.includes(':')
}
