// The DNS records that show that a domain is for a site: what its owner is told to set, and what is looked for. Called by look.ts, verbs.ts and view.ts.
import { createHmac, randomBytes } from 'node:crypto'
import type { Settings } from '../../../registry/registry.ts'

const SECRET = 'domains.secret'

/** What a TXT record says where it proves a domain; the code is different for each account, site and domain, and always the same for the same. */
export function proofText(settings: Settings, { domain, site, account }: { domain: string; site: string; account: number }): string {
  const code = createHmac('sha256', secretOf(settings)).update(`${account}\n${site}\n${bare(domain)}`).digest('base64url')
  return `auberge-site=${code.slice(0, 32)}`
}

/** Where it is looked for: beside the domain; for `www.` of a domain also beside that, whose owner it is in any case. */
export function proofNames(domain: string): string[] {
  return [...new Set([`_auberge.${bare(domain)}`, `_auberge.${domain}`])]
}

/** A domain and its `www.` are proven by one record. */
function bare(domain: string): string {
  return domain.replace(/^www\./, '')
}

function secretOf(settings: Settings): string {
  const known = settings.get(SECRET)
  if (known !== null) return known
  const made = randomBytes(32).toString('hex')
  settings.set(SECRET, made)
  return made
}
