// The data of records in wire form, without compression: what signatures are made over, what transfers carry, what answers are put
// together from. Called by sets.ts; body.ts shortens the names in it.
import { Packet } from 'dns2'
import { parseData } from '../registry/recorddata.ts'
import type { RecordType } from '../registry/types.ts'
import { writeAddress } from './address.ts'
import { CLASS_IN, TYPE } from './codes.ts'

/** What an SOA says: two names and five numbers, all in seconds but the serial (RFC 1035 section 3.3.13). */
export type Soa = { primary: string; admin: string; serial: number; refresh: number; retry: number; expiration: number; minimum: number }

/** Octets of a record before its data where its name is the root: name, type, class, TTL and length. */
const FIXED = 11

/** Offsets at which names begin in the data of types whose names may be compressed (RFC 3597 section 4); SOA has a second name after its first. */
const NAMES_AT: Record<number, { at: number; names: number }> = {
  [TYPE.NS]: { at: 0, names: 1 }, [TYPE.CNAME]: { at: 0, names: 1 }, [TYPE.SOA]: { at: 0, names: 2 }, [TYPE.MX]: { at: 2, names: 1 },
}

/** The data of a record as people write it; throws for what is none. Names are in lower case, as RFC 4034 section 6.2 has them. */
export function encodeData(type: RecordType, text: string): Buffer {
  const data = parseData(type, text)
  return 'address' in data ? encodeAddress(data.address) : wire(TYPE[type], data)
}

/** The data of an A or AAAA: without dns2, which takes 30 microseconds, for there may be as many as sites. */
export function encodeAddress(address: string): Buffer {
  const bytes = Buffer.alloc(address.includes(':') ? 16 : 4)
  writeAddress(address, bytes)
  return bytes
}

export function encodeSoa(soa: Soa): Buffer {
  return wire(TYPE.SOA, soa)
}

function wire(type: number, data: object): Buffer {
  return Packet.Resource.encode(new Packet.Resource({ name: '', type, class: CLASS_IN, ttl: 0, ...data })).subarray(FIXED)
}

/** The data with each name in it that may be compressed replaced by what `shorten` makes of it. */
export function shortened(type: number, rdata: Buffer, shorten: (name: Buffer) => Buffer): Buffer {
  const form = NAMES_AT[type]
  if (form === undefined) return rdata
  const pieces = [rdata.subarray(0, form.at)]
  let at = form.at
  for (let left = form.names; left > 0; left -= 1) {
    const end = nameEnd(rdata, at)
    pieces.push(shorten(rdata.subarray(at, end)))
    at = end
  }
  return Buffer.concat([...pieces, rdata.subarray(at)])
}

function nameEnd(rdata: Buffer, from: number): number {
  let at = from
  while ((rdata[at] ?? 0) !== 0) at += (rdata[at] ?? 0) + 1
  return at + 1
}

/** The name in wire form that a record of the type leads to, whose addresses a resolver wants next (RFC 1035 section 3.3, RFC 2782); null: to none. */
export function targetIn(type: number, rdata: Buffer): string | null {
  const at = { [TYPE.NS]: 0, [TYPE.CNAME]: 0, [TYPE.MX]: 2, [TYPE.SRV]: 6 }[type]
  return at === undefined ? null : rdata.toString('latin1', at)
}
