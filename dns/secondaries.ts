// Who copies the zone: the house's secondaries with their keys. Called by main.ts.
import { isIPv4, isIPv6 } from 'node:net'
import type { House, TsigKey } from '../wire/house.ts'
import { isLoopback } from './address.ts'
import { keyFrom, type Key } from './tsig.ts'
import type { NameServer } from './zone.ts'

/** A secondary: where it listens, and the key it shares with us. `from`: our own address to speak from, null: the system's choice. */
export type Peer = { address: string; port: number; key: Key | null; from: string | null }

/** The secondaries of the house; `keys` by the name of their file, as the briefing has them. */
export function peersOf({ secondaries, dns }: Pick<House, 'secondaries' | 'dns'>, keys: Record<string, TsigKey>): Peer[] {
  return secondaries.map(({ address, port, keyFile }) => {
    const key = keyFile === null ? undefined : keys[keyFile]
    if (keyFile !== null && key === undefined) throw new Error(`the key in ${keyFile} did not come with the briefing`)
    return { address, port, key: key === undefined ? null : keyFrom(key), from: sourceFor(address, dns) }
  })
}

/** The secondaries that the zone shall name, each with all its addresses. */
export function nameServersOf(secondaries: House['secondaries']): NameServer[] {
  const names = new Set(secondaries.flatMap(({ name }) => name ?? []))
  return [...names].map(name => {
    const addresses = secondaries.filter(other => other.name === name).map(({ address }) => address)
    return { name, a: addresses.filter(isIPv4), aaaa: addresses.filter(isIPv6) }
  })
}

/** A secondary knows us by the address it was given for us: one we listen on, where it is one that a packet can leave by. */
function sourceFor(address: string, dns: House['dns']): string | null {
  const family = dns.map(listen => listen.address).filter(own => own.includes(':') === address.includes(':'))
  return family.find(own => own !== '0.0.0.0' && own !== '::' && isLoopback(own) === isLoopback(address)) ?? null
}
