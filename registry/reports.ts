// The table of what visitors reported: bounded, for anybody may write in it. Read by administrators.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import type { Report, Reports } from './registry.ts'

/** Reports that may be open at once; a flood of them fills no disk. */
const MOST_OPEN = 1_000
/** Milliseconds a closed one is kept. */
const KEPT = 365 * 24 * 3600 * 1000

const COLUMNS = 'id, at, host, kind, text, contact, closed_at AS closedAt, closed_by AS closedBy'

export function openReports(db: Database): Reports {
  const insert = db.prepare('INSERT INTO reports (at, host, kind, text, contact) VALUES (?, ?, ?, ?, ?)')
  const get = db.prepare<[number], Report>(`SELECT ${COLUMNS} FROM reports WHERE id = ?`)
  const list = db.prepare<[number], Report>(`SELECT ${COLUMNS} FROM reports ORDER BY closed_at IS NOT NULL, at DESC, id DESC LIMIT ?`)
  const open = db.prepare<[], { open: number }>('SELECT count(*) AS open FROM reports WHERE closed_at IS NULL')
  const close = db.prepare('UPDATE reports SET closed_at = ?, closed_by = ? WHERE id = ? AND closed_at IS NULL')
  const forget = db.prepare('DELETE FROM reports WHERE closed_at < ?')
  const count = (): number => open.get()?.open ?? 0
  return {
    add: ({ host, kind, text, contact }) => db.transaction(() => {
      if (count() >= MOST_OPEN) throw new AubergeError('unavailable', 'so many reports wait to be read that this one can\'t be kept: try again tomorrow')
      const now = Date.now()
      forget.run(now - KEPT)
      const id = Number(insert.run(now, host, kind, text, contact).lastInsertRowid)
      return get.get(id) as Report
    }).immediate(),
    list: most => list.all(most),
    open: count,
    close(id, by) {
      if (close.run(Date.now(), by, id).changes === 0) throw new AubergeError('not_found', 'there is no such open report')
    },
  }
}
