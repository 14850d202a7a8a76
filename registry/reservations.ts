// The table of reservations: which account holds which name of the zone, and who alone may take back a name given up.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { judgeName } from './names.ts'
import { openQuotas } from './quotas.ts'
import type { NameFault, NameVerdict, Reservations } from './registry.ts'
import type { Reservation, ReservationPhase, SiteRecord } from './types.ts'

type Row = { name: string; owner: number; kind: 'site' | 'external'; phase: ReservationPhase; addresses: string; records: string; www: number; created_at: number }

/** How long it is known who held a name: somebody's DNS may lead to it still. */
const REMEMBERED = 2 * 365 * 24 * 3600 * 1000

export function openReservations(db: Database): Reservations {
  const get = db.prepare<[string], Row>('SELECT * FROM reservations WHERE name = ?')
  const all = db.prepare<[], Row>('SELECT * FROM reservations ORDER BY name')
  const unfinished = db.prepare<[], Row>("SELECT * FROM reservations WHERE phase <> 'held' ORDER BY name")
  const ofOwner = db.prepare<[number], Row>('SELECT * FROM reservations WHERE owner = ? ORDER BY name')
  const shared = db.prepare<[], { shared: number }>('SELECT (SELECT min(owner) FROM reservations) <> (SELECT max(owner) FROM reservations) AS shared')
  const quotas = openQuotas(db)
  const insert = db.prepare('INSERT INTO reservations (name, owner, kind, phase, addresses, created_at) VALUES (?, ?, ?, ?, ?, ?)')
  const mark = db.prepare('UPDATE reservations SET phase = ? WHERE name = ?')
  const keep = db.prepare('UPDATE reservations SET records = ? WHERE name = ?')
  const setWww = db.prepare('UPDATE reservations SET www = ? WHERE name = ?')
  const point = db.prepare("UPDATE reservations SET addresses = ? WHERE name = ? AND kind = 'external'")
  const remove = db.prepare<[string], Row>('DELETE FROM reservations WHERE name = ? RETURNING *')
  const quarantined = db.prepare<[string, number], { owner: number }>('SELECT owner FROM quarantine WHERE name = ? AND until > ?')
  const quarantine = db.prepare('INSERT OR REPLACE INTO quarantine (name, owner, until) VALUES (?, ?, ?)')
  const pass = db.prepare('INSERT INTO past_names (name, owner, at) VALUES (?, ?, ?) ON CONFLICT (name, owner) DO UPDATE SET at = excluded.at')
  const forgetPast = db.prepare('DELETE FROM past_names WHERE at < ?')
  const forget = db.prepare('DELETE FROM quarantine WHERE until <= ?')

  const check = (name: string, by?: number): NameVerdict => {
    const verdict = judgeName(name)
    if (!verdict.available) return verdict
    if (get.get(name)) return taken('taken', `${name} is taken: choose another name`)
    const last = quarantined.get(name, Date.now())
    if (last && last.owner !== by) return taken('resting', `${name} was given up a short time ago and only its last owner can take it back yet`)
    return verdict
  }

  return {
    check,
    create({ name, owner: account, kind, addresses = { a: [], aaaa: [] }, most, phase = 'held' }) {
      return db.transaction(() => {
        const verdict = check(name, account)
        if (!verdict.available) throw new AubergeError(verdict.code, verdict.reason)
        if (most !== undefined) quotas.check(account, { names: 1 }, { names: most })
        const now = Date.now()
        forget.run(now)
        insert.run(name, account, kind, phase, JSON.stringify(addresses), now)
        return { name, owner: account, kind, phase, addresses, records: [], www: false, createdAt: now }
      }).immediate()
    },
    get(name) {
      const row = get.get(name)
      return row ? toReservation(row) : null
    },
    list: account => (account === undefined ? all.all() : ofOwner.all(account)).map(toReservation),
    isShared: () => shared.get()?.shared === 1,
    * walk() {
      for (const row of all.iterate()) yield toReservation(row)
    },
    unfinished: () => unfinished.all().map(toReservation),
    mark(name, phase) {
      if (mark.run(phase, name).changes === 0) throw new AubergeError('not_found', `nobody holds the name ${name}`)
    },
    keep(name, records) {
      if (keep.run(JSON.stringify(records), name).changes === 0) throw new AubergeError('not_found', `nobody holds the name ${name}`)
    },
    setWww(name, www) {
      if (setWww.run(www ? 1 : 0, name).changes === 0) throw new AubergeError('not_found', `nobody holds the name ${name}`)
    },
    point(name, addresses) {
      if (point.run(JSON.stringify(addresses), name).changes === 0) throw new AubergeError('not_found', `there is no name ${name} that points elsewhere`)
    },
    lastOwner: name => quarantined.get(name, Date.now())?.owner ?? null,
    remove(name, until) {
      db.transaction(() => {
        const row = remove.get(name)
        const now = Date.now()
        if (row && until > now) quarantine.run(name, row.owner, until)
        if (!row || until === 0) return
        forgetPast.run(now - REMEMBERED)
        pass.run(name, row.owner, now)
      }).immediate()
    },
  }
}

function taken(because: NameFault, reason: string): NameVerdict {
  return { available: false, code: 'name_taken', because, reason }
}

function toReservation(row: Row): Reservation {
  const { name, owner, kind, phase } = row
  const addresses = JSON.parse(row.addresses) as Reservation['addresses']
  // Nearly all keep none, and all are read at start.
  const records = row.records === '[]' ? [] : JSON.parse(row.records) as SiteRecord[]
  return { name, owner, kind, phase, addresses, records, www: row.www === 1, createdAt: row.created_at }
}
