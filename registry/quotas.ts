// What an account's names may take in all: how many there are, what is promised to their sites of disk and memory, their custom domains. Asked by the tables that
// grow (reservations, sites, domains) and by control before a site grows.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import type { Quotas } from './registry.ts'
import type { Limits, Role } from './types.ts'

/** disk: bytes of volumes and databases; memory: bytes that pods may use. */
export type Quota = 'names' | 'domains' | 'disk' | 'memory'

type Row = { role: Role; most_names: number | null; most_domains: number | null; most_disk: number | null; most_memory: number | null }

/** Beyond what an account may have of `what`: `wanted` in all, of `most`. */
export class OverQuota extends AubergeError {
  readonly what: Quota
  readonly most: number
  readonly wanted: number
  constructor(what: Quota, most: number, wanted: number) {
    super('quota', `${SENTENCES[what](spelled(what, most), spelled(what, wanted))}: delete something first, or ask the administrator for more`)
    this.what = what
    this.most = most
    this.wanted = wanted
  }
}

const SENTENCES: Record<Quota, (most: string, wanted: string) => string> = {
  names: (most, wanted) => `this account may hold ${most} name(s), and this would be ${wanted}`,
  domains: (most, wanted) => `this account may have ${most} custom domain(s), and this would be ${wanted}`,
  disk: (most, wanted) => `the sites of this account may take ${most} of disk in all, databases included, and this would be ${wanted}`,
  memory: (most, wanted) => `the sites of this account may use ${most} of memory in all, and this would be ${wanted}`,
}

/** A count, or bytes in the largest unit that leaves two digits after the point at most: `1.5G`. */
export function spelled(what: Quota, value: number): string {
  if (what === 'names' || what === 'domains') return String(value)
  const unit = value >= 2 ** 30 ? 'G' : 'M'
  return `${Number((value / (unit === 'G' ? 2 ** 30 : 2 ** 20)).toFixed(2))}${unit}`
}

export function openQuotas(db: Database): Quotas {
  const bounds = db.prepare<[number], Row>('SELECT role, most_names, most_domains, most_disk, most_memory FROM accounts WHERE id = ?')
  const held = db.prepare<[{ account: number }], Record<Quota, number>>(`SELECT count(*) AS names, coalesce(sum(disk + database_bytes), 0) AS disk, coalesce(sum(memory), 0) AS memory,
    (SELECT count(*) FROM domains JOIN reservations ON reservations.name = domains.site WHERE reservations.owner = :account) AS domains
    FROM reservations LEFT JOIN sites USING (name) WHERE owner = :account`)
  const of = (account: number): Record<Quota, number> => held.get({ account }) ?? { names: 0, domains: 0, disk: 0, memory: 0 }

  const check: Quotas['check'] = (account, more, usual = {}) => {
    const row = bounds.get(account)
    if (row === undefined || row.role === 'admin') return
    const has = of(account)
    for (const [what, amount] of Object.entries(more) as [Quota, number][]) {
      const most = row[`most_${what}`] ?? usual[what] ?? null
      if (amount > 0 && most !== null && has[what] + amount > most) throw new OverQuota(what, most, has[what] + amount)
    }
  }
  return { of, check }
}

/** What a site takes more of with `next` than with `now`. */
export function growth(now: Limits | null, next: Limits): { disk: number; memory: number } {
  return { disk: next.disk + next.database - (now ? now.disk + now.database : 0), memory: next.memory - (now?.memory ?? 0) }
}
