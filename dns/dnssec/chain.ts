// The whole of a signed zone for secondaries, which can't sign: every set with its signature, and the chain of names that exists (RFC 4034
// section 4). Called by transfer.ts.
import { TYPE } from '../codes.ts'
import type { Rrset } from '../sets.ts'
import type { Zone } from '../zone.ts'
import { nsecData } from './nsec.ts'
import { labelsOf } from './order.ts'
import type { Signer } from './signer.ts'

type Owned = [key: string, set: Rrset]

/** Each set of `zone`, as it is now, and what proves it. About 50 microseconds for each signature that isn't kept: to be taken in pieces. */
export function chained(zone: Zone, signer: Signer): Iterable<Owned> {
  const names = [...zone.walk()].map(([key, sets]) => ({ key, sets, order: orderOf(key) })).sort((a, b) => (a.order < b.order ? -1 : 1))
  return (function* () {
    for (const [n, { key, sets }] of names.entries()) {
      const next = names[n + 1]?.key ?? zone.key
      for (const set of [...sets, nsecSet(zone, next, sets)]) yield* signed(key, set, signer)
    }
  })()
}

/** RFC 4034 section 6.1 as one string, for names whose labels have no byte as low as the one between them. */
function orderOf(key: string): string {
  return labelsOf(key).reverse().join('\0')
}

function nsecSet(zone: Zone, next: string, sets: readonly Rrset[]): Rrset {
  const types = [...sets.map(({ type }) => type), TYPE.RRSIG, TYPE.NSEC]
  return { owner: null, type: TYPE.NSEC, ttl: zone.denialTtl, rdata: [nsecData(next, types)], wildcard: null }
}

function* signed(key: string, set: Rrset, signer: Signer): Generator<Owned> {
  const rdata = signer.sign({ owner: key, type: set.type, ttl: set.ttl, data: set.rdata }, 'transfer') ?? []
  yield [key, set]
  yield [key, { owner: null, type: TYPE.RRSIG, ttl: set.ttl, rdata, wildcard: null }]
}
