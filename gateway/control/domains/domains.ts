// Custom domains: claimed, proven, followed over time and given back, and which hosts of a site come of it. Made by assemble.ts, asked by verbs.ts and remove.ts.
import type { Account, Domain } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { Parts } from '../parts.ts'
import { hasWww } from '../records.ts'
import { followed, isElsewhere, isShown, proofIn, type Standing } from './judge.ts'
import { Lanes } from './lanes.ts'
import { look, whither, type Look } from './look.ts'
import { proofNames, proofText } from './record.ts'

const HOUR = 3600 * 1000
const DAY = 24 * HOUR
/** Domains of an account that isn't an admin's, claims included. */
const MOST = 40
/** How long a claim may go without a proof, and a domain that was given back rest. */
export const CLAIM = 7 * DAY
export const QUARANTINE = 30 * DAY
/** How often a domain that is held is looked at, and one that isn't proven yet. */
const HELD_EVERY = 12 * HOUR
const PENDING_EVERY = HOUR / 4
/** Looks at a time for whoever waits for one, and how many more may wait; beside those, looks of a round, which takes so many domains of each kind at most. */
const LOOKS = 8
const WAITING = 200
const ASIDE = 4
const ROUND = 200

type DomainParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone' | 'relays' | 'table' | 'log'>
type Claim = Pick<Domain, 'domain' | 'site' | 'account'>

export class Domains {
  readonly #parts: DomainParts
  readonly #lanes = new Lanes(LOOKS, WAITING)
  /** Lanes of their own, so that thousands of domains whose servers say nothing keep no person waiting. */
  readonly #aside = new Lanes(ASIDE, Infinity)
  readonly #followers = new Set<(site: string) => void>()

  readonly #signal: AbortSignal

  /** `signal`: looks that are under way end with it. */
  constructor(parts: DomainParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  /** Calls `each` after the domains of a site may have changed. */
  follow(each: (site: string) => void): void { this.#followers.add(each) }

  /** Whether a domain is held and, by DNS at this moment, leads to this house. */
  async leadsHere(domain: string): Promise<boolean> {
    const holder = this.#parts.registry.domains.holder(domain)
    return holder !== null && holder.state === 'verified' && whither(await this.#look(holder)) === 'here'
  }

  /** Claims a domain for a site and looks at once. Throws `domain_taken` where another account's is not outdone by a proof. */
  async claim(actor: Account, site: string, domain: string): Promise<Domain> {
    const { registry, table } = this.#parts
    const kind = table.get(domain)?.kind
    if (kind === 'static' || kind === 'panel') throw new AubergeError('domain_taken', `${domain} is a route of this house itself`)
    const account = this.#accountOf(site)
    if (this.#standing({ domain, site, account }).isTaken) await this.#mayOutdo({ domain, site, account })
    const before = registry.domains.get(domain, site)
    registry.domains.claim(domain, site, account, MOST)
    if (!before) registry.audit.add({ actor: actor.username, action: 'domain.claim', subject: domain, detail: site })
    return await this.check(site, domain)
  }

  /** Looks at a domain now, and does what follows. `not_found` where the site has none such. */
  async check(site: string, domain: string): Promise<Domain> {
    await this.#check(site, domain, Date.now(), this.#lanes)
    return this.#required(site, domain)
  }

  get(site: string, domain: string): Domain { return this.#required(site, domain) }

  /** Gives a domain of a site back; it rests where it was held. */
  async release(actor: Account, site: string, domain: string): Promise<void> {
    const { registry } = this.#parts
    registry.transaction(() => {
      registry.domains.release(domain, site, Date.now() + QUARANTINE)
      registry.audit.add({ actor: actor.username, action: 'domain.release', subject: domain, detail: site })
    })
    await this.lead(site)
  }

  /** Sends visitors of all hosts of a site to one of its domains; null: nowhere. */
  async point(actor: Account, site: string, domain: string | null): Promise<void> {
    const { registry } = this.#parts
    registry.transaction(() => {
      registry.domains.setCanonical(site, domain)
      registry.audit.add({ actor: actor.username, action: 'domain.canonical', subject: site, detail: domain ?? 'none' })
    })
    await this.lead(site)
  }

  /** Forgets claims that proved nothing, and looks at those domains whose turn it is. */
  async round(now = Date.now()): Promise<void> {
    const { registry, log } = this.#parts
    registry.domains.expire(now - CLAIM)
    const due = [...registry.domains.due('held', now - HELD_EVERY, ROUND), ...registry.domains.due('pending', now - PENDING_EVERY, ROUND)]
    await Promise.all(due.map(({ site, domain }) => this.#check(site, domain, now, this.#aside).catch((error: unknown) => {
      if (!this.#signal.aborted) log.warn({ err: error, domain, site }, 'a domain could not be looked at: trying again later')
    })))
  }

  /** Makes a site's hosts what the registry says; resolves when every relay knows. */
  async lead(site: string): Promise<void> {
    const version = leadAnew(this.#parts, site)
    for (const follower of this.#followers) follower(site)
    await this.#parts.relays.settled(version)
  }

  /** What the owner sets in DNS, and where. */
  proof(claim: Claim): { name: string; text: string } {
    return { name: proofNames(claim.domain)[0] ?? '', text: proofText(this.#parts.registry.settings, claim) }
  }

  async #check(site: string, domain: string, now: number, lanes: Lanes): Promise<void> {
    const { registry } = this.#parts
    const claim = this.#required(site, domain)
    const seen = await this.#look(claim, lanes)
    const rival = seen.txt === true ? await this.#outdone(claim, lanes) : null
    const before = registry.domains.holder(domain)?.site ?? site
    registry.transaction(() => this.#take(claim, seen, rival, now))
    if (before !== site) await this.lead(before)
    await this.lead(site)
  }

  #take(claim: Domain, seen: Look, rival: Domain | null, now: number): void {
    const { registry } = this.#parts
    const domain = this.#required(claim.site, claim.domain)
    if (domain.state !== 'pending') return this.#follow(domain, seen, now)
    if (rival) this.#giveBack(rival, 'another account has proven that it is its own')
    const judged = proofIn(seen, domain, this.#standing(domain))
    const noted = { ...domain, elsewhere: domain.elsewhere || isElsewhere(seen), checkedAt: now }
    const holder = registry.domains.holder(domain.domain)
    if (judged.proof === null || (holder && holder.account !== domain.account)) return registry.domains.note({ ...noted, finding: judged.proof === null ? judged.finding : 'taken' })
    if (holder) this.#giveBack(holder, `it is proven for ${domain.site} now`)
    this.#hold({ ...noted, proof: judged.proof }, seen, now)
  }

  #hold(domain: Domain, seen: Look, now: number): void {
    const { registry } = this.#parts
    const held = followed({ ...domain, state: 'verified' }, seen, now)
    if (held === 'released') return
    registry.domains.note(held)
    registry.audit.add({ actor: 'auberge', action: 'domain.verified', subject: domain.domain, detail: `${domain.site}, by ${domain.proof}` })
  }

  #follow(domain: Domain, seen: Look, now: number): void {
    const next = followed(domain, seen, now)
    if (next === 'released') return this.#giveBack(domain, 'it has led elsewhere for too long')
    this.#parts.registry.domains.note(next)
    if (next.state !== domain.state) this.#parts.registry.audit.add({ actor: 'auberge', action: `domain.${next.state}`, subject: domain.domain, detail: domain.site })
  }

  #giveBack({ domain, site }: Domain, detail: string): void {
    const { registry } = this.#parts
    registry.domains.release(domain, site, Date.now() + QUARANTINE)
    registry.audit.add({ actor: 'auberge', action: 'domain.released', subject: domain, detail: `${site}: ${detail}` })
  }

  /** The other account's domain that a claim with a TXT proof outdoes: one that nothing but an address shows to be its holder's. */
  async #outdone({ domain, account }: Claim, lanes = this.#lanes): Promise<Domain | null> {
    const holder = this.#parts.registry.domains.holder(domain)
    if (!holder || holder.account === account) return null
    return isShown(await this.#look(holder, lanes)) ? null : holder
  }

  /** A claim of what is taken needs its proof first: nobody else's domain is even claimed without. */
  async #mayOutdo(claim: Claim): Promise<void> {
    const { txt } = await this.#look(claim)
    const holder = this.#parts.registry.domains.holder(claim.domain)
    if (txt === true && (!holder || await this.#outdone(claim))) return
    const { name, text } = this.proof(claim)
    const mend = txt === true ? 'take the records away that lead to its site' : `set the TXT record ${name} to "${text}"`
    throw new AubergeError('domain_taken', `another account ${holder ? 'has' : 'gave up'} ${claim.domain}${holder ? '' : ' a short time ago'}: if it is yours, ${mend} and add it again`)
  }

  #standing({ domain, site, account }: Claim): Standing {
    const { registry } = this.#parts
    const holder = registry.domains.holder(domain)
    const until = registry.domains.othersUntil(domain, account)
    return {
      isTaken: (holder !== null && holder.account !== account) || (until !== null && until > Date.now()),
      isContested: until !== null || registry.domains.isContested(domain, account),
      isSecondHand: registry.domains.wasOthers(site, account),
      isAlone: registry.accounts.get(account)?.role === 'admin' || !registry.reservations.isShared(),
    }
  }

  #look(claim: Claim, lanes = this.#lanes): Promise<Look> {
    const { house, states, zone, registry } = this.#parts
    const { domain, site } = claim
    const own = [zone.own, zone.get(site) ?? zone.own].flatMap(({ a, aaaa }) => [...a, ...aaaa])
    const sought = { domain, zone: house.zone, host: states.host(site), proof: proofText(registry.settings, claim), proofNames: proofNames(domain), own, resolvers: house.resolvers, signal: this.#signal }
    return lanes.run(() => look(sought))
  }

  #required(site: string, domain: string): Domain {
    const claim = this.#parts.registry.domains.get(domain, site)
    if (!claim) throw new AubergeError('not_found', `${site} has no domain ${domain}`)
    return claim
  }

  #accountOf(site: string): number {
    const reservation = this.#parts.registry.reservations.get(site)
    if (!reservation) throw new AubergeError('not_found', `there is no site ${site}`)
    return reservation.owner
  }
}

/** Makes a site's hosts what the registry says; returns the routing table's version that has them. */
export function leadAnew({ registry, states }: Pick<Parts, 'registry' | 'states'>, site: string): number {
  const reservation = registry.reservations.get(site)
  const www = reservation?.kind === 'site' && hasWww(reservation) ? `www.${states.host(site)}` : null
  return states.lead(site, leadOf(registry.domains.ofSite(site), www))
}

/** The hosts of those domains that are held, and `www.` of the site's own name where it has that; and the one where visitors are sent: only where it leads here. */
export function leadOf(domains: Domain[], www: string | null): { hosts: string[]; canonical: string | null } {
  const held = domains.filter(({ state }) => state !== 'pending')
  return { hosts: [...(www === null ? [] : [www]), ...held.map(({ domain }) => domain)], canonical: held.find(one => one.canonical && one.strayedAt === null)?.domain ?? null }
}
