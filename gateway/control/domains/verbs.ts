// The desk's verbs on custom domains. Called by front.ts.
import { parseDomain } from '../../../registry/domain-name.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { Desk } from '../../desk.ts'
import { siteOf, type Parts } from '../parts.ts'
import type { Domains } from './domains.ts'
import { domainView } from './view.ts'

type DomainVerbs = Pick<Desk, 'domains' | 'addDomain' | 'checkDomain' | 'changeDomain' | 'removeDomain'>
type VerbParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone'> & { domains: Domains }

export function domainVerbs(parts: VerbParts): DomainVerbs {
  const { registry, domains, house } = parts
  const read = (site: string, input: unknown): string => {
    siteOf(parts, site)
    return parseDomain(input, house.zone)
  }
  return {
    domains: site => registry.domains.ofSite(site).map(one => domainView(parts, one)),
    async addDomain(actor, site, input, { www = false } = {}) {
      const domain = read(site, input)
      const twin = www ? read(site, `www.${domain}`) : null
      const claimed = await domains.claim(actor, site, domain)
      if (twin !== null) await domains.claim(actor, site, twin)
      return domainView(parts, claimed)
    },
    async checkDomain(site, input) {
      const checked = await domains.check(site, read(site, input))
      await domains.check(site, twinOf(checked.domain)).catch(noTwin)
      return domainView(parts, checked)
    },
    async changeDomain(actor, site, input, { canonical }) {
      const domain = read(site, input)
      const isNow = registry.domains.get(domain, site)?.canonical
      if (canonical || isNow === true || isNow === undefined) await domains.point(actor, site, canonical || isNow === undefined ? domain : null)
      return domainView(parts, domains.get(site, domain))
    },
    removeDomain: (actor, site, input) => domains.release(actor, site, read(site, input)),
  }
}

/** One record proves both. */
function twinOf(domain: string): string {
  return domain.startsWith('www.') ? domain.slice(4) : `www.${domain}`
}

function noTwin(error: unknown): void {
  if (!(error instanceof AubergeError) || error.code !== 'not_found') throw error
}
