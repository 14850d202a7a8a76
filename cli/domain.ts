// auberge site domain: the custom domains of a site, and what to set in DNS for them.
import { argument, answer, type Desk } from './desk.ts'
import { sitePath } from './site.ts'
import { moment, sheet, table } from './table.ts'

type DomainView = {
  domain: string; state: string; proof: string | null; canonical: boolean; finding: string | null; checkedAt: number | null; expiresAt: number | null
  records: { proof: { name: string; value: string }; alias: { name: string; value: string } | null; addresses: { name: string; a: string[]; aaaa: string[] } }
}

const domainsPath = (desk: Desk): string => `${sitePath(desk)}/domains`
const domainPath = (desk: Desk): string => `${domainsPath(desk)}/${encodeURIComponent(argument(desk, 'DOMAIN'))}`

export async function addDomain(desk: Desk): Promise<void> {
  const json = { domain: argument(desk, 'DOMAIN'), www: desk.order.options.has('www') }
  answer(desk, await desk.admin.json<DomainView>('POST', domainsPath(desk), { json }), describe)
}

export async function listDomains(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<DomainView[]>('GET', domainsPath(desk)), all =>
    table(['DOMAIN', 'STATE', 'PROOF', 'DNS', 'CANONICAL', 'LOOKED AT'], all.map(one => [one.domain, one.state, one.proof, one.finding, one.canonical ? 'yes' : '-', moment(one.checkedAt)]), 'no domains'))
}

export async function checkDomain(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<DomainView>('POST', `${domainPath(desk)}/check`), describe)
}

/** Without --off: visitors of all other hosts of the site are sent there. */
export async function canonicalDomain(desk: Desk): Promise<void> {
  const json = { canonical: !desk.order.options.has('off') }
  answer(desk, await desk.admin.json<DomainView>('PATCH', domainPath(desk), { json }), describe)
}

export async function removeDomain(desk: Desk): Promise<void> {
  await desk.admin.json('DELETE', domainPath(desk))
  answer(desk, { removed: argument(desk, 'DOMAIN') }, each => `${each.removed} is no domain of ${argument(desk, 'NAME')} any more; for 30 days no other account takes it without a proof.`)
}

function describe({ domain, state, proof, canonical, finding, checkedAt, expiresAt, records }: DomainView): string {
  const { a, aaaa } = records.addresses
  return sheet([
    ['domain', domain], ['state', state], ['proof', proof], ['dns', finding], ['canonical', canonical ? 'yes' : null], ['looked at', moment(checkedAt)],
    ['claim until', moment(expiresAt)],
    ...(state === 'verified' && finding === 'here' ? [] : [
      ['proof record', `${records.proof.name}. TXT "${records.proof.value}"`],
      ['leads here by', records.alias ? `${records.alias.name}. CNAME ${records.alias.value}.` : [...a.map(each => `${domain}. A ${each}`), ...aaaa.map(each => `${domain}. AAAA ${each}`)].join(', ')],
    ] satisfies [string, string][]),
  ])
}
