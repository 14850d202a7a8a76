// A zone key as DNS writes it: DNSKEY, its tag and its DS. Used by dns/, which serves them, and by control, which shows the DS.
import { createHash } from 'node:crypto'

/** ECDSA with P-256 and SHA-256 (RFC 6605): the one algorithm we sign with. */
export const ALGORITHM = 13
/** SHA-256 (RFC 4509). */
export const DIGEST = 2
/** Zone key and secure entry point (RFC 4034 section 2.1.1): one key signs everything. */
const FLAGS = 257
const PROTOCOL = 3

/** Data of the DNSKEY record of a public key: its point's two coordinates, 64 bytes (RFC 6605 section 4). */
export function dnskeyData(publicKey: Uint8Array): Buffer {
  const head = Buffer.from([FLAGS >> 8, FLAGS & 0xff, PROTOCOL, ALGORITHM])
  return Buffer.concat([head, publicKey])
}

/** RFC 4034 appendix B. */
export function keyTag(dnskey: Uint8Array): number {
  let sum = 0
  for (const [n, byte] of dnskey.entries()) sum += n % 2 === 0 ? byte << 8 : byte
  return sum + (sum >>> 16) & 0xffff
}

/** Data of the DS record (RFC 4034 section 5.1) of a DNSKEY's data at `owner`, a dotted name. */
export function dsData(owner: string, dnskey: Uint8Array): Buffer {
  const digest = createHash('sha256').update(wireName(owner)).update(dnskey).digest()
  const head = Buffer.alloc(4)
  head.writeUInt16BE(keyTag(dnskey), 0)
  head[2] = dnskey[3] ?? 0
  head[3] = DIGEST
  return Buffer.concat([head, digest])
}

/** The DS record as registrars take it: tag, algorithm, digest type, digest in hex. */
export function dsText(owner: string, dnskey: Uint8Array): string {
  const ds = dsData(owner, dnskey)
  return `${ds.readUInt16BE(0)} ${ds[2]} ${ds[3]} ${ds.toString('hex', 4).toUpperCase()}`
}

/** The DNSKEY record's data as text: flags, protocol, algorithm, key in base 64. */
export function dnskeyText(dnskey: Buffer): string {
  return `${dnskey.readUInt16BE(0)} ${dnskey[2]} ${dnskey[3]} ${dnskey.toString('base64', 4)}`
}

/** A dotted name in wire form, lower case (RFC 4034 section 6.2). */
function wireName(name: string): Buffer {
  const labels = name.toLowerCase().split('.').filter(label => label !== '')
  return Buffer.concat([...labels.map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])), Buffer.alloc(1)])
}
