// A custom domain as its owner sees it, with what to set in DNS. Called by verbs.ts.
import { domainToUnicode } from 'node:url'
import { isApex } from '../../../registry/domain-name.ts'
import type { Domain } from '../../../registry/types.ts'
import type { DomainView } from '../../desk.ts'
import type { Parts } from '../parts.ts'
import { urlOf } from '../urls.ts'
import { CLAIM, type Domains } from './domains.ts'

type ViewParts = Pick<Parts, 'house' | 'states' | 'zone'> & { domains: Domains }

export function domainView({ house, states, zone, domains }: ViewParts, one: Domain): DomainView {
  const { domain, site, state, proof, canonical, finding, claimedAt, checkedAt, strayedAt } = one
  const { name, text } = domains.proof(one)
  const isAtTop = isApex(domain)
  return {
    domain, unicode: domainToUnicode(domain), url: urlOf(house, domain), state, proof, canonical, finding, claimedAt, checkedAt, strayedAt,
    expiresAt: state === 'pending' ? claimedAt + CLAIM : null,
    records: {
      proof: { name, type: 'TXT', value: text },
      alias: isAtTop ? null : { name: domain, type: 'CNAME', value: states.host(site) },
      addresses: { name: domain, ...(zone.get(site) ?? zone.own) },
    },
  }
}
