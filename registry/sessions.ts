// The table of browser sessions: a secret cookie stands for an account, for thirty days at most and fourteen unused.
import type { Database } from 'better-sqlite3'
import { toAccount, type AccountRow } from './accounts.ts'
import type { Sessions } from './registry.ts'
import { hashSecret, newSecret } from './secret.ts'

const DAY = 24 * 3600 * 1000
const LIFETIME = 30 * DAY
const UNUSED = 14 * DAY
/** A use is written down at most this often, for every write waits for the disk. */
const TOUCH = 3600 * 1000
/** Sessions one account may have; beyond it the oldest end. */
const MOST = 50

type Found = AccountRow & { hash: Buffer; last_used_at: number }

export function openSessions(db: Database): Sessions {
  const insert = db.prepare('INSERT INTO sessions (hash, account, created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?)')
  const trim = db.prepare(`DELETE FROM sessions WHERE account = ? AND hash NOT IN
    (SELECT hash FROM sessions WHERE account = ? ORDER BY created_at DESC, hash LIMIT ?)`)
  const expire = db.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  const find = db.prepare<[Buffer, number, number], Found>(`SELECT accounts.*, sessions.hash, sessions.last_used_at
    FROM sessions JOIN accounts ON accounts.id = sessions.account
    WHERE sessions.hash = ? AND sessions.expires_at > ? AND sessions.last_used_at > ?`)
  const touch = db.prepare('UPDATE sessions SET last_used_at = ? WHERE hash = ?')
  const revoke = db.prepare('DELETE FROM sessions WHERE hash = ?')
  const revokeAll = db.prepare('DELETE FROM sessions WHERE account = ?')

  return {
    create(account) {
      const secret = newSecret('')
      const now = Date.now()
      db.transaction(() => {
        expire.run(now)
        trim.run(account, account, MOST - 1)
        insert.run(hashSecret(secret), account, now, now + LIFETIME, now)
      }).immediate()
      return { secret, expiresAt: now + LIFETIME }
    },
    find(secret) {
      const now = Date.now()
      const found = find.get(hashSecret(secret), now, now - UNUSED)
      if (!found) return null
      if (now - found.last_used_at > TOUCH) touch.run(now, found.hash)
      return toAccount(found)
    },
    revoke(secret) { revoke.run(hashSecret(secret)) },
    revokeAll(account) { revokeAll.run(account) },
  }
}
