// Bodies of answers that are nothing but addresses: encoded by dns2 once for each type, number and TTL, then filled in. Called by cache.ts.
// With an IPv6 prefix every site has an address of its own, and dns2 takes 30 microseconds for a packet; this takes one.
import { writeAddress } from './address.ts'
import { encode, type Body } from './body.ts'
import { TYPE } from './codes.ts'
import type { Lookup, Rrset } from './zone.ts'

type Said = Exclude<Lookup, { kind: 'refused' }>

/** Bytes of a record before its data, its name being a pointer. */
const FIXED = 12

/** Templates kept; names have one address or a few, so that there are never many. */
const MOST = 256
const templates = new Map<string, Body>()

/** The body of `said`; the same bytes as those of `encode`. */
export function compose(said: Said, nameLength: number, zone: { name: string; wireLength: number }): Body {
  const set = onlySet(said)
  if (set === null) return encode(said, nameLength, zone)
  const key = `${set.type} ${set.rdata.length} ${set.ttl}`
  const template = templates.get(key) ?? encode(said, nameLength, zone)
  if (templates.size < MOST) templates.set(key, template)
  return { ...template, bytes: filled(template.bytes, set) }
}

/** The addresses of the name that was asked, where they are all there is to say. */
function onlySet({ answers, authorities, additionals }: Said): Rrset | null {
  const [set] = answers
  const alone = answers.length === 1 && authorities.length === 0 && additionals.length === 0
  return set !== undefined && alone && set.owner === null && (set.type === TYPE.A || set.type === TYPE.AAAA) ? set : null
}

function filled(template: Buffer, set: Rrset): Buffer {
  const bytes = Buffer.from(template)
  const size = FIXED + (set.type === TYPE.A ? 4 : 16)
  for (const [n, data] of set.rdata.entries()) {
    if ('address' in data) writeAddress(data.address, bytes.subarray(n * size + FIXED, (n + 1) * size))
  }
  return bytes
}
