// The table of who did what and when: kept a year, and a hundred thousand lines at most.
import type { Database } from 'better-sqlite3'
import type { Audit, AuditEntry, AuditFilter } from './registry.ts'

const KEPT = 365 * 24 * 3600 * 1000
const MOST = 100_000
const LONGEST = 4096

export function openAudit(db: Database, most: number = MOST): Audit {
  const insert = db.prepare('INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)')
  const old = db.prepare('DELETE FROM audit WHERE at < ?')
  const beyond = db.prepare('DELETE FROM audit WHERE id <= ?')
  const list = db.prepare<[Required<AuditFilter> & { most: number }], AuditEntry>(`SELECT id, at, actor, action, subject, detail FROM audit
    WHERE id < :before AND (:by = '' OR actor = :by) AND (:about = '' OR subject = :about) AND (:action = '' OR substr(action, 1, length(:action)) = :action) ORDER BY id DESC LIMIT :most`)
  return {
    add({ actor, action, subject, detail }) {
      db.transaction(() => {
        const now = Date.now()
        const id = Number(insert.run(now, actor, action, subject, detail?.slice(0, LONGEST) ?? null).lastInsertRowid)
        old.run(now - KEPT)
        beyond.run(id - most)
      }).immediate()
    },
    list: (count, { by = '', about = '', action = '', before = Number.MAX_SAFE_INTEGER } = {}) => list.all({ by, about, action, before, most: count }),
  }
}
