// Which of the chains an ACME server offers for one certificate is served (RFC 8555 section 7.4.2), and whether a chain is what was asked for. Called by order.ts and engine.ts.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { Refusal } from './refusal.ts'
import type { Answer } from './transport.ts'

/** More than this is no chain. */
const LONGEST = 10
/** Other chains that are looked at. */
const ALTERNATES = 10

/** The first chain whose end was signed by `issuer` (a common name); where there is none, or none was asked for, the one the server prefers. */
export async function best(first: Answer, issuer: string | null, fetch: (url: string) => Promise<Answer>): Promise<string> {
  if (issuer === null || endsWith(first.body, issuer)) return first.body
  for (const url of alternates(first.links).slice(0, ALTERNATES)) {
    const { body } = await fetch(url)
    if (endsWith(body, issuer)) return body
  }
  return first.body
}

/** The certificates of a PEM text, leaf first. */
export function certificatesOf(chain: string): X509Certificate[] {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.slice(0, LONGEST).map(block => new X509Certificate(block))
}

/** A chain without what else a server may have written between or after its certificates. */
export function bare(chain: string): string {
  return certificatesOf(chain).map(String).join('')
}

/** Throws a Refusal unless the chain's leaf is for `key` and covers every name. */
export function check(chain: string, key: string, names: readonly string[]): void {
  const leaf = leafOf(chain)
  const missing = names.filter(name => !covers(leaf, name))
  if (!leaf.checkPrivateKey(createPrivateKey(key))) fail('it is for another key')
  if (missing.length > 0) fail(`it is not for ${missing.join(', ')}`)
}

export function leafOf(chain: string): X509Certificate {
  const [leaf] = certificatesOf(chain)
  return leaf ?? fail('it is empty')
}

/** Whether the chain ends with a root that everybody's browser has, as far as Node's own list says. One that doesn't is a test's, or a company's. */
export function isPublic(chain: string): boolean {
  const end = certificatesOf(chain).at(-1)
  if (!end) return false
  return getCACertificates('bundled').map(pem => new X509Certificate(pem)).some(root => root.fingerprint256 === end.fingerprint256 || (end.checkIssued(root) && end.verify(root.publicKey)))
}

function covers({ subjectAltName = '' }: X509Certificate, name: string): boolean {
  return subjectAltName.split(', ').includes(`DNS:${name}`)
}

function endsWith(chain: string, issuer: string): boolean {
  return certificatesOf(chain).at(-1)?.issuer.split('\n').includes(`CN=${issuer}`) ?? false
}

/** RFC 8288: `<url>;rel="alternate"`. */
function alternates(links: string[]): string[] {
  return links.flatMap(line => [...line.matchAll(/<([^>]+)>\s*;\s*rel="?alternate"?/g)].map(([, url = '']) => url))
}

function fail(what: string): never {
  throw new Refusal({ type: 'malformed', message: `the certificate that the ACME server gave is not what was asked for: ${what}` })
}
