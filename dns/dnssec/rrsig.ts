// The data of RRSIG records: what is signed and how it is written (RFC 4034 sections 3 and 6). Called by signer.ts.
import { sign, type KeyObject } from 'node:crypto'
import { ALGORITHM } from '../../wire/dnskey.ts'
import { CLASS_IN } from '../codes.ts'
import { labelsOf, sortData } from './order.ts'

/** Records to sign. `owner`: the key of the name in the zone, for a wildcard the wildcard. `data`: canonical (RFC 4034 section 6.2). */
export type Signable = { owner: string; type: number; ttl: number; data: readonly Buffer[] }

/** Seconds since 1970; `signer`: the zone's key as in name.ts. */
export type Signature = { tag: number; signer: string; inception: number; expiration: number }

/** Bytes of the data in front of the signer's name. */
const FIXED = 18
/** Bytes of each of the two numbers of a signature (RFC 6605 section 4). */
const NUMBER = 32

/** The whole data of the RRSIG of `set` by `key`. Blocks for the time of one signature, about 50 microseconds. */
export function rrsigData(set: Signable, by: Signature, key: KeyObject): Buffer {
  const head = headOf(set, by)
  return Buffer.concat([head, numbers(sign('sha256', toSign(head, set), key))])
}

/** What the signature is of: the data without it, then each record in canonical form and order (RFC 4034 section 3.1.8.1). */
export function toSign(head: Buffer, set: Signable): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(set.type, 0)
  fixed.writeUInt16BE(CLASS_IN, 2)
  fixed.writeUInt32BE(set.ttl, 4)
  const owner = Buffer.from(set.owner, 'latin1')
  const records = sortData(set.data).flatMap(data => {
    const front = Buffer.from(fixed)
    front.writeUInt16BE(data.length, 8)
    return [owner, front, data]
  })
  return Buffer.concat([head, ...records])
}

/** All of the data but the signature. */
export function headOf({ owner, type, ttl }: Signable, { tag, signer, inception, expiration }: Signature): Buffer {
  const head = Buffer.alloc(FIXED)
  head.writeUInt16BE(type, 0)
  head[2] = ALGORITHM
  head[3] = countLabels(owner)
  head.writeUInt32BE(ttl, 4)
  head.writeUInt32BE(expiration, 8)
  head.writeUInt32BE(inception, 12)
  head.writeUInt16BE(tag, 16)
  return Buffer.concat([head, Buffer.from(signer, 'latin1')])
}

/** Labels without the root's and without the asterisk of a wildcard (RFC 4034 section 3.1.3). */
function countLabels(owner: string): number {
  return labelsOf(owner).length - (owner.startsWith('\x01*') ? 1 : 0)
}

/** OpenSSL writes DER; asking it for two plain numbers takes twice the time (100 for 45 microseconds a signature, Node 24). */
function numbers(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * NUMBER)
  const length = der[3] ?? 0
  place(der.subarray(4, 4 + length), raw, NUMBER)
  place(der.subarray(6 + length), raw, 2 * NUMBER)
  return raw
}

/** A DER integer is as short as it can be, with a zero in front where it would look negative. */
function place(integer: Buffer, raw: Buffer, end: number): void {
  const digits = integer.length > NUMBER ? integer.subarray(integer.length - NUMBER) : integer
  digits.copy(raw, end - digits.length)
}
