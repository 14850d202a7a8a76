// The keys of an ACME account and of its certificates: P-256, made off the event loop; and the request that certifies one. Called by account.ts and order.ts.
import { createPrivateKey, createPublicKey, generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import type { JWK } from 'jose'

const { asn1 } = forge
const { Class, Type } = asn1

/** PEM. */
export async function newKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Only what RFC 7638 counts, in its order. */
export function publicJwk(key: KeyObject): JWK {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' })
  return { crv, kty, x, y } as JWK
}

/** A PKCS#10 request (RFC 2986) for `names` by `key` (PEM), in base64url as RFC 8555 section 7.4 wants it. forge knows no elliptic curves: structure by it, key and signature by Node. */
export function requestFor(names: readonly string[], key: string): string {
  const privateKey = createPrivateKey(key)
  const spki = asn1.fromDer(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('binary'), { decodeBitStrings: false } as unknown as boolean)
  const info = sequence([integer(0), sequence([]), spki, attributes(names)])
  const signature = sign('sha256', Buffer.from(asn1.toDer(info).getBytes(), 'binary'), privateKey).toString('binary')
  const request = sequence([info, sequence([oid('1.2.840.10045.4.3.2')]), asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature}`)])
  return Buffer.from(asn1.toDer(request).getBytes(), 'binary').toString('base64url')
}

/** One attribute: the extensions that are asked for, and of them one: the names. */
function attributes(names: readonly string[]): forge.asn1.Asn1 {
  const san = sequence(names.map(name => asn1.create(Class.CONTEXT_SPECIFIC, 2 as forge.asn1.Type, false, name)))
  const extension = sequence([oid('2.5.29.17'), asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, asn1.toDer(san).getBytes())])
  const attribute = sequence([oid('1.2.840.113549.1.9.14'), asn1.create(Class.UNIVERSAL, Type.SET, true, [sequence([extension])])])
  return asn1.create(Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, true, [attribute])
}

function sequence(members: forge.asn1.Asn1[]): forge.asn1.Asn1 { return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, members) }

function oid(dotted: string): forge.asn1.Asn1 { return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes()) }

function integer(value: number): forge.asn1.Asn1 { return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, asn1.integerToDer(value).getBytes()) }
