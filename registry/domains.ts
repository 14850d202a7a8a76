// The table of custom domains: who claims one, who holds it, and who held it before. Who may is decided by control; what must never be is refused here.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { openQuotas } from './quotas.ts'
import type { Domains } from './registry.ts'
import type { Domain, DomainState, Proof } from './types.ts'

type Row = {
  domain: string; site: string; account: number; state: DomainState; proof: Proof | null; canonical: number; elsewhere: number; finding: Domain['finding']
  claimed_at: number; checked_at: number | null; strayed_at: number | null
}

/** How long it is known who held a domain; then its DNS has had time to be put in order. */
const REMEMBERED = 2 * 365 * 24 * 3600 * 1000
/** Of one account at most: the newest. Whoever takes and gives back more by the day loses his own rest and nobody else's. */
const REMEMBERED_EACH = 1_000

const SELECT = 'SELECT domains.*, reservations.owner AS account FROM domains JOIN reservations ON reservations.name = domains.site'

export function openDomains(db: Database): Domains {
  const one = db.prepare<[string, string], Row>(`${SELECT} WHERE domain = ? AND site = ?`)
  const holder = db.prepare<[string], Row>(`${SELECT} WHERE domain = ? AND state <> 'pending'`)
  const rivals = db.prepare<[string, number], { claims: number }>("SELECT count(*) AS claims FROM domains JOIN reservations ON reservations.name = domains.site WHERE domain = ? AND state = 'pending' AND reservations.owner <> ?")
  const ofSite = db.prepare<[string], Row>(`${SELECT} WHERE site = ? ORDER BY domain`)
  const held = db.prepare<[], Row>(`${SELECT} WHERE state <> 'pending' ORDER BY site, domain`)
  const quotas = openQuotas(db)
  const insert = db.prepare('INSERT INTO domains (domain, site, claimed_at) VALUES (?, ?, ?) ON CONFLICT (domain, site) DO UPDATE SET claimed_at = excluded.claimed_at')
  const write = db.prepare('UPDATE domains SET state = ?, proof = ?, elsewhere = ?, finding = ?, checked_at = ?, strayed_at = ? WHERE domain = ? AND site = ?')
  const unpoint = db.prepare('UPDATE domains SET canonical = 0 WHERE site = ? AND canonical = 1')
  const point = db.prepare("UPDATE domains SET canonical = 1 WHERE domain = ? AND site = ? AND state <> 'pending'")
  const remove = db.prepare('DELETE FROM domains WHERE domain = ? AND site = ?')
  const expire = db.prepare<[number], { domain: string; site: string }>("DELETE FROM domains WHERE state = 'pending' AND claimed_at < ? RETURNING domain, site")
  const due = {
    held: db.prepare<[number, number], Row>(`${SELECT} WHERE state <> 'pending' AND checked_at < ? ORDER BY checked_at LIMIT ?`),
    pending: db.prepare<[number, number], Row>(`${SELECT} WHERE state = 'pending' AND coalesce(checked_at, 0) < ? ORDER BY checked_at LIMIT ?`),
  }
  const rest = db.prepare('INSERT INTO released_domains (domain, account, until) VALUES (?, ?, ?) ON CONFLICT (domain, account) DO UPDATE SET until = max(until, excluded.until)')
  const forget = db.prepare('DELETE FROM released_domains WHERE until < ?')
  const beyond = db.prepare('DELETE FROM released_domains WHERE account = ? AND until < (SELECT until FROM released_domains WHERE account = ? ORDER BY until DESC LIMIT 1 OFFSET ?)')
  const before = db.prepare<[string, number], { until: number | null }>('SELECT max(until) AS until FROM released_domains WHERE domain = ? AND account <> ?')
  const pastName = db.prepare<[string, number], { held: number }>('SELECT count(*) AS held FROM past_names WHERE name = ? AND owner <> ?')

  const required = (domain: string, site: string): Domain => {
    const row = one.get(domain, site)
    if (!row) throw new AubergeError('not_found', `${site} has no domain ${domain}`)
    return toDomain(row)
  }
  const release = ({ domain, site, account, state }: Domain, until: number): void => {
    if (remove.run(domain, site).changes === 0 || state === 'pending') return
    forget.run(Date.now() - REMEMBERED)
    rest.run(domain, account, until)
    beyond.run(account, account, REMEMBERED_EACH - 1)
  }

  return {
    claim(domain, site, account, most) {
      return db.transaction(() => {
        const known = one.get(domain, site)
        if (known && known.state !== 'pending') return toDomain(known)
        if (!known) quotas.check(account, { domains: 1 }, { domains: most })
        insert.run(domain, site, Date.now())
        return required(domain, site)
      }).immediate()
    },
    get: (domain, site) => optional(one.get(domain, site)),
    holder: domain => optional(holder.get(domain)),
    isContested: (domain, account) => (rivals.get(domain, account)?.claims ?? 0) > 0,
    ofSite: site => ofSite.all(site).map(toDomain),
    * walkHeld() {
      for (const row of held.iterate()) yield toDomain(row)
    },
    due: (which, checkedBefore, most) => due[which].all(checkedBefore, most).map(toDomain),
    note({ domain, site, state, proof, elsewhere, finding, checkedAt, strayedAt }) {
      if (write.run(state, proof, elsewhere ? 1 : 0, finding, checkedAt, strayedAt, domain, site).changes === 0) throw new AubergeError('not_found', `${site} has no domain ${domain}`)
    },
    setCanonical(site, domain) {
      db.transaction(() => {
        unpoint.run(site)
        if (domain === null || point.run(domain, site).changes > 0) return
        throw new AubergeError('conflict', `${required(domain, site).domain} is not proven to be yours yet: visitors can be sent there once it is`)
      }).immediate()
    },
    release(domain, site, until) {
      db.transaction(() => release(required(domain, site), until)).immediate()
    },
    releaseAll(site, until) {
      db.transaction(() => { for (const row of ofSite.all(site)) release(toDomain(row), until) }).immediate()
    },
    expire: claimedBefore => expire.all(claimedBefore),
    othersUntil: (domain, account) => before.get(domain, account)?.until ?? null,
    wasOthers: (name, account) => (pastName.get(name, account)?.held ?? 0) > 0,
  }
}

function optional(row: Row | undefined): Domain | null {
  return row ? toDomain(row) : null
}

function toDomain({ domain, site, account, state, proof, canonical, elsewhere, finding, claimed_at, checked_at, strayed_at }: Row): Domain {
  return { domain, site, account, state, proof, canonical: canonical === 1, elsewhere: elsewhere === 1, finding, claimedAt: claimed_at, checkedAt: checked_at, strayedAt: strayed_at }
}
