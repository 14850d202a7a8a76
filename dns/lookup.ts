// What a zone says to a question, and how it is put together: aliases are followed inside the zone, hosts that an answer leads to bring
// their addresses. Called by zone.ts.
import type { Body } from './body.ts'
import { TYPE } from './codes.ts'
import { targetIn } from './rdata.ts'
import type { Rrset } from './sets.ts'
import type { Found } from './tree.ts'

/**
 * What the zone says to a question. These objects live as long as they are true: a change makes new ones, so that what is
 * remembered about an object (cache.ts) is never stale.
 */
export type Said = {
  kind: 'answer' | 'nodata' | 'nxdomain'; answers: Rrset[]; authorities: Rrset[]; additionals: Rrset[]
  /** There where the name's own addresses are all there is to say: its body (cache.ts), the same under every name; null before it was made. */
  plain?: Body | null
}
export type Lookup = Said | { kind: 'refused' }

/** How to ask the zone. `find` gives null for a name outside of it. */
export type Asking = { find(key: string): Found<Rrset[]> | null; soa: Rrset }

/** Aliases followed in one answer; what is behind more, or behind a loop, the resolver may ask for. */
const MOST_ALIASES = 8
/** Hosts whose addresses are brought along. */
const MOST_HOSTS = 8

/** The sets of a name by way of a wildcard: theirs is the name that was asked (RFC 4592 section 2.2.1). */
function placed(sets: Rrset[], owner: string | null, wildcard: string | null): Rrset[] {
  return owner === null && wildcard === null ? sets : sets.map(set => ({ ...set, owner, wildcard }))
}

/** What `found`, the name that was asked, has to say to a question for `type` that isn't ANY. RFC 1034 section 4.3.2, without delegations: there are none. */
export function answerFrom(found: Found<Rrset[]>, type: number, asking: Asking): Said {
  const own = found.is === 'name' && (type === TYPE.A || type === TYPE.AAAA) ? found.value.find(set => set.type === type) : undefined
  // Nearly all that is ever asked: without a look at aliases and hosts.
  if (own !== undefined) return addressed(own)
  const answers: Rrset[] = []
  const passed = new Set<string>()
  let owner: string | null = null
  for (let at: Found<Rrset[]> | null = found; at !== null;) {
    const sets: Rrset[] = 'value' in at ? placed(at.value, owner, at.is === 'wildcard' ? at.at : null) : []
    const wanted = sets.find(set => set.type === type)
    if (wanted !== undefined) return ended('answer', [...answers, wanted], asking)
    const alias = sets.find(set => set.type === TYPE.CNAME)
    // RFC 6604 section 3: the code is that of the last name.
    if (alias === undefined) return ended(at.is === 'none' ? 'nxdomain' : 'nodata', answers, asking)
    answers.push(alias)
    owner = targetIn(TYPE.CNAME, alias.rdata[0] ?? Buffer.alloc(1)) ?? ''
    if (passed.has(owner) || passed.size === MOST_ALIASES) break
    passed.add(owner)
    at = asking.find(owner)
  }
  return ended('answer', answers, asking)
}

/** The name's own addresses, and nothing else to say. */
export function addressed(own: Rrset): Said {
  return { kind: 'answer', answers: [own], authorities: [], additionals: [], plain: null }
}

function ended(kind: Said['kind'], answers: Rrset[], asking: Asking): Said {
  if (kind === 'answer') return { kind, answers, authorities: [], additionals: addressesOf(answers, asking) }
  // RFC 2308 section 2: the SOA says for how long there is nothing.
  return { kind, answers, authorities: [asking.soa], additionals: [] }
}

/** Addresses, in this zone, of the hosts that NS, MX and SRV lead to (RFC 1035 section 3.3, RFC 2782); glue, where it is NS. */
function addressesOf(answers: Rrset[], asking: Asking): Rrset[] {
  const last = answers.at(-1)
  if (last === undefined || last.type === TYPE.CNAME) return []
  const hosts = new Set(last.rdata.map(rdata => targetIn(last.type, rdata)).filter(host => host !== null))
  return [...hosts].slice(0, MOST_HOSTS).flatMap(host => {
    const found = asking.find(host)
    const sets = found !== null && 'value' in found ? placed(found.value, host, found.is === 'wildcard' ? found.at : null) : []
    return sets.filter(set => set.type === TYPE.A || set.type === TYPE.AAAA)
  })
}

/** Whether what is said of these sets depends on other names, so that a change there is one here. */
export function leadsOn(sets: Rrset[]): boolean {
  return sets.some(({ type }) => type === TYPE.CNAME || type === TYPE.MX || type === TYPE.SRV || type === TYPE.NS)
}
