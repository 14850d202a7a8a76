// Record sets: all records of one type under one name (RFC 2181 section 5). Made by zone.ts of what control sends.
import { isIPv4, isIPv6 } from 'node:net'
import type { NameRecords, RecordSet } from '../registry/types.ts'
import { TYPE } from './codes.ts'
import { encodeAddress, encodeData } from './rdata.ts'

/**
 * `owner`: the name in wire form as in name.ts, or null for the name that was asked: names with the same addresses share their sets.
 * `rdata` without compression. `wildcard`: the name it is really under, where it was found by way of `*` (RFC 4592).
 */
export type Rrset = { owner: string | null; type: number; ttl: number; rdata: Buffer[]; wildcard: string | null }

/** The sets under one name, addresses first. What can't be encoded is left out: one bad record must not cost the other names their answers. */
export function setsOf(records: NameRecords, ttl: number): Rrset[] {
  const { sets = [] } = records
  const found = [
    addressesOf(records, TYPE.A, ttl), addressesOf(records, TYPE.AAAA, ttl),
    ...sets.map(set => setOf(TYPE[set.type], set.ttl, encoded(set))),
  ].filter(({ rdata }) => rdata.length > 0)
  // RFC 2181 section 10.1: nothing is beside a CNAME, and what answers wins.
  return found.length === 1 ? found : found.filter(({ type }, n) => type !== TYPE.CNAME && found.findIndex(other => other.type === type) === n)
}

/** The set of A or of AAAA alone, which may be empty. */
export function addressesOf({ a, aaaa }: NameRecords, type: typeof TYPE.A | typeof TYPE.AAAA, ttl: number): Rrset {
  return setOf(type, ttl, (type === TYPE.A ? a.filter(isIPv4) : aaaa.filter(isPlainIpv6)).map(encodeAddress))
}

function setOf(type: number, ttl: number, rdata: Buffer[]): Rrset {
  return { owner: null, type, ttl, rdata, wildcard: null }
}

function encoded({ type, data }: RecordSet): Buffer[] {
  const rdata = data.flatMap(text => {
    try {
      return [encodeData(type, text)]
    } catch {
      return []
    }
  })
  return type === 'CNAME' ? rdata.slice(0, 1) : rdata
}

/** Without a scope and without the dotted form, which would be encoded as other addresses. */
function isPlainIpv6(address: string): boolean {
  return isIPv6(address) && !/[.%]/.test(address)
}
