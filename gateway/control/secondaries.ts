// The name servers that copy the zone, and which version each answers with. Called by front.ts.
import { Resolver } from 'node:dns/promises'
import type { House, Secondary } from '../../wire/house.ts'
import type { SecondaryView } from '../desk.ts'

/** Milliseconds that one has to answer. */
const PATIENCE = 1_000

/** All are asked at once. */
export function secondariesOf({ secondaries, zone }: Pick<House, 'secondaries' | 'zone'>): Promise<SecondaryView[]> {
  return Promise.all(secondaries.map(async each => ({ name: each.name, address: each.address, port: each.port, keyed: each.keyFile !== null, serial: await serialAt(each, zone) })))
}

async function serialAt({ address, port }: Secondary, zone: string): Promise<number | null> {
  const resolver = new Resolver({ timeout: PATIENCE, tries: 1 })
  resolver.setServers([address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`])
  return resolver.resolveSoa(zone).then(({ serial }) => serial, () => null)
}
