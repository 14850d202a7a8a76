// When the server would like a certificate to be renewed: ACME Renewal Information (RFC 9773). Called by schedule.ts.
import { X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { parsed, type Transport } from './transport.ts'

const { asn1 } = forge
const HOUR = 3600 * 1000
/** What a server says of when to ask again is kept within these (RFC 9773 section 4.3.3); milliseconds. */
const SOONEST = 60_000
const LATEST = 24 * HOUR
const USUAL = 6 * HOUR
const AUTHORITY_KEY = '2.5.29.35'

/** Epoch milliseconds. */
export type Window = { start: number; end: number }
export type Suggestion = { window: Window; explanation: string | null; askAt: number }

/** What the server suggests; null where it offers no such thing, or nothing sensible. Throws a Refusal where it can't be asked. */
export async function suggestion(transport: Transport, chain: string, now: number): Promise<Suggestion | null> {
  const { renewalInfo } = await transport.directory()
  const id = identifierOf(chain)
  if (renewalInfo === null || id === null) return null
  const { body, retryAt } = await transport.get(`${renewalInfo.replace(/\/$/, '')}/${id}`, 'renewal information')
  const { suggestedWindow, explanationURL } = parsed(body) as { suggestedWindow?: { start?: string; end?: string }; explanationURL?: unknown }
  const window = { start: Date.parse(suggestedWindow?.start ?? ''), end: Date.parse(suggestedWindow?.end ?? '') }
  if (!(window.end > window.start)) return null
  const explanation = typeof explanationURL === 'string' ? explanationURL.slice(0, 200) : null
  return { window, explanation, askAt: now + Math.min(LATEST, Math.max(SOONEST, (retryAt ?? now + USUAL) - now)) }
}

/** RFC 9773 section 4.1: the identifier of the authority's key and the serial number, as they are in the certificate. Null for one without. */
export function identifierOf(chain: string): string | null {
  try {
    const leaf = asn1.fromDer(new X509Certificate(chain).raw.toString('binary'), { decodeBitStrings: false } as unknown as boolean)
    const parts = (leaf.value as forge.asn1.Asn1[])[0]?.value as forge.asn1.Asn1[]
    const serial = parts[1]?.value as string
    const key = keyIdentifier((parts.at(-1)?.value as forge.asn1.Asn1[])[0]?.value as forge.asn1.Asn1[])
    return key === null ? null : `${base64url(key)}.${base64url(serial)}`
  } catch {
    return null
  }
}

/** RFC 5280 section 4.2.1.1: the first, [0], of the extension's members. */
function keyIdentifier(extensions: forge.asn1.Asn1[]): string | null {
  for (const { value } of extensions) {
    const [oid, ...rest] = value as forge.asn1.Asn1[]
    if (asn1.derToOid(oid?.value as string) !== AUTHORITY_KEY) continue
    const members = asn1.fromDer(rest.at(-1)?.value as string).value as forge.asn1.Asn1[]
    const first = members.find(member => (member.type as number) === 0)
    return typeof first?.value === 'string' ? first.value : null
  }
  return null
}

function base64url(bytes: string): string { return Buffer.from(bytes, 'binary').toString('base64url') }
