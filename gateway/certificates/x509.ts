// Certificates as bytes: what the house's authority and its leaves contain. Called by authority.ts. node-forge writes the structure, node:crypto makes
// keys and signatures: forge's own RSA is JavaScript and would hold up control for 100 ms a time.
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'

const { asn1, pki } = forge
const DAY = 24 * 3600 * 1000

/** What it takes to sign: PEM both. */
export type Pair = { certificate: string; key: string }

/** Ten years, as mkcert's. */
const ROOT_LIFE = 3650 * DAY
/** Below the 398 days at which Safari gives a leaf up. */
const LEAF_LIFE = 365 * DAY
/** Nobody looks at a challenge after some minutes. */
const CHALLENGE_LIFE = DAY
/** id-pe-acmeIdentifier (RFC 8737 section 6.1). */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'
/** Clocks that are a little slow. */
const BEFORE = 3600 * 1000
/** After version, serial number, signature algorithm, issuer, validity and subject (RFC 5280, 4.1). */
const KEY_AT = 6

/** An authority's private key, made outside the event loop. */
export async function newKey(modulusLength = 3072): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A leaf's: each handshake signs with it, and with RSA a new connection would cost half as much again. */
export async function newLeafKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** What an authority may sign: leaves for the zone and below, or for all names but those. */
export type Scope = 'zone' | 'domains'

/** The root's own certificate, which says what may be signed below it. */
export function signRoot(zone: string, key: string, now: number, scope: Scope = 'zone'): string {
  const subject = subjectOf(zone, scope, '')
  const draft = begin(identifierOf(key), now, now + ROOT_LIFE)
  draft.setSubject(subject)
  draft.setIssuer(subject)
  draft.setExtensions([...authorityExtensions(1), nameConstraints(zone, scope)])
  return seal(draft, key, key)
}

/** Of the one that signs leaves in the root's name, as long as the root lasts, and no other authority. */
export function signIntermediate(root: Pair, zone: string, key: string, now: number, scope: Scope = 'zone'): string {
  const issuer = pki.certificateFromPem(root.certificate)
  const draft = begin(identifierOf(key), now, issuer.validity.notAfter.getTime())
  draft.setSubject(subjectOf(zone, scope, 'signing '))
  draft.setIssuer(issuer.subject.attributes)
  draft.setExtensions([...authorityExtensions(0), { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() }])
  return seal(draft, key, root.key)
}

/** A common name has 64 characters at most (RFC 5280, appendix A.1). */
function subjectOf(zone: string, scope: Scope, what: string): { shortName: string; value: string }[] {
  return [{ shortName: 'O', value: 'Auberge' }, { shortName: 'CN', value: `Auberge ${what}${scope === 'zone' ? '' : 'domains '}${zone}`.slice(0, 64) }]
}

/** `below`: authorities that may follow in a chain. */
function authorityExtensions(below: number): object[] {
  return [
    { name: 'basicConstraints', cA: true, pathLenConstraint: below, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]
}

/** A leaf for `names` (host names, wildcards, addresses) with `key`, signed by `by`. */
export function signLeaf(by: Pair, names: string[], key: string, now: number): string {
  const issuer = pki.certificateFromPem(by.certificate)
  const draft = begin(identifierOf(key), now, Math.min(now + LEAF_LIFE, issuer.validity.notAfter.getTime()))
  draft.setSubject([{ shortName: 'O', value: 'Auberge' }, ...names.slice(0, 1).filter(name => name.length <= 64).map(value => ({ shortName: 'CN', value }))])
  draft.setIssuer(issuer.subject.attributes)
  draft.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    { name: 'subjectAltName', altNames: names.map(name => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })) },
  ])
  return seal(draft, key, by.key)
}

/** What answers a challenge over `acme-tls/1`: signed by its own key, of RSA, for the one name, with the digest of the key authorization in a critical extension (RFC 8737 section 3). */
export function signChallenge(name: string, digest: Buffer, key: string, now: number): string {
  const draft = begin(identifierOf(key), now, now + CHALLENGE_LIFE)
  const subject = [{ shortName: 'O', value: 'Auberge' }, { shortName: 'CN', value: 'ACME challenge' }]
  draft.setSubject(subject)
  draft.setIssuer(subject)
  const octets = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, digest.toString('binary'))
  draft.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    { id: ACME_IDENTIFIER, critical: true, value: asn1.toDer(octets).getBytes() },
  ])
  return seal(draft, key, key)
}

/** The certificate without any key, as browsers import it. */
export function asPkcs12(certificate: string, password: string): Buffer {
  const bag = forge.pkcs12.toPkcs12Asn1(null, pki.certificateFromPem(certificate), password, { algorithm: '3des', friendlyName: 'Auberge' })
  return Buffer.from(asn1.toDer(bag).getBytes(), 'binary')
}

function begin(identifier: string, from: number, to: number): forge.pki.Certificate {
  const draft = pki.createCertificate()
  // A stand-in of the kind that forge can write; `seal` puts the key in its place.
  draft.publicKey = pki.setRsaPublicKey(new forge.jsbn.BigInteger('1'), new forge.jsbn.BigInteger('1'))
  draft.generateSubjectKeyIdentifier = () => forge.util.createBuffer(identifier)
  // Positive and without leading zeros (RFC 5280, 4.1.2.2).
  draft.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`
  draft.validity.notBefore = new Date(from - BEFORE)
  draft.validity.notAfter = new Date(to)
  return draft
}

/** A key's SubjectPublicKeyInfo, of whatever kind: forge knows RSA only. */
function publicPart(key: string): forge.asn1.Asn1 {
  const der = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' })
  return asn1.fromDer(der.toString('binary'), { decodeBitStrings: false } as unknown as boolean)
}

/** RFC 5280, 4.2.1.2 (1): the hash of the bit string, without the count of its unused bits. */
function identifierOf(key: string): string {
  const [, bits] = publicPart(key).value as forge.asn1.Asn1[]
  return createHash('sha1').update(String(bits?.value).slice(1), 'binary').digest('binary')
}

/** Puts in the key that is certified and signs what forge has written; forge asks a key for `sign` and knows no more of it. */
function seal(draft: forge.pki.Certificate, certified: string, key: string): string {
  const tbs = (): Buffer => {
    const { tbsCertificate } = draft as unknown as { tbsCertificate: { value: forge.asn1.Asn1[] } & forge.asn1.Asn1 }
    tbsCertificate.value[KEY_AT] = publicPart(certified)
    return Buffer.from(asn1.toDer(tbsCertificate).getBytes(), 'binary')
  }
  const native = { sign: () => sign('sha256', tbs(), key).toString('binary') }
  draft.sign(native as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create())
  return pki.certificateToPem(draft).replace(/\r\n/g, '\n')
}

/**
 * RFC 5280, 4.2.1.10: only the zone and what is below it; of addresses the loopback ones in `localhost`, elsewhere none.
 * Whoever steals the key can sign nothing else that a client believes. The authority of other domains may sign any name but those, and no address.
 */
function nameConstraints(zone: string, scope: Scope): { id: string; critical: boolean; value: string } {
  const v4 = (address: number[], mask: number[]) => tagged(7, Buffer.from([...address, ...mask]))
  const none4 = v4([0, 0, 0, 0], [0, 0, 0, 0])
  const none6 = tagged(7, Buffer.alloc(32))
  const own6 = tagged(7, Buffer.concat([Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(16, 255)]))
  const name = tagged(2, Buffer.from(zone, 'latin1'))
  const lists = scope === 'domains' ? [subtrees(1, [name, none4, none6])] : zone === 'localhost'
    ? [subtrees(0, [name, v4([127, 0, 0, 0], [255, 0, 0, 0]), own6])]
    : [subtrees(0, [name]), subtrees(1, [none4, none6])]
  const value = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, lists)
  return { id: '2.5.29.30', critical: true, value: asn1.toDer(value).getBytes() }
}

function subtrees(tag: number, bases: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  const each = bases.map(base => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [base]))
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, true, each)
}

function tagged(tag: number, bytes: Buffer): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, false, bytes.toString('binary'))
}
