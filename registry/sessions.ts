// The table of browser sessions: a secret cookie stands for an account, for thirty days at most and fourteen unused.
import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { toAccount, type AccountRow } from './accounts.ts'
import type { Session, Sessions } from './registry.ts'
import { hashSecret, newSecret } from './secret.ts'

const DAY = 24 * 3600 * 1000
const LIFETIME = 30 * DAY
const UNUSED = 14 * DAY
/** A use is written down at most this often, for every write waits for the disk. */
const TOUCH = 3600 * 1000
/** Sessions one account may have; beyond it the oldest end. */
const MOST = 50
/** Characters kept of what a browser says it is. */
const LONGEST_AGENT = 300

type Found = AccountRow & { hash: Buffer; last_used_at: number }

export function openSessions(db: Database): Sessions {
  const insert = db.prepare('INSERT INTO sessions (hash, account, created_at, expires_at, last_used_at, id, agent, address) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const trim = db.prepare(`DELETE FROM sessions WHERE account = ? AND hash NOT IN
    (SELECT hash FROM sessions WHERE account = ? ORDER BY created_at DESC, hash LIMIT ?)`)
  const expire = db.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  const find = db.prepare<[Buffer, number, number], Found>(`SELECT accounts.*, sessions.hash, sessions.last_used_at
    FROM sessions JOIN accounts ON accounts.id = sessions.account
    WHERE sessions.hash = ? AND sessions.expires_at > ? AND sessions.last_used_at > ?`)
  const touch = db.prepare('UPDATE sessions SET last_used_at = ? WHERE hash = ?')
  const list = db.prepare<[number, number, number], Session>(`SELECT id, agent, address, created_at AS createdAt, last_used_at AS lastUsedAt, expires_at AS expiresAt
    FROM sessions WHERE account = ? AND expires_at > ? AND last_used_at > ? ORDER BY last_used_at DESC, id`)
  const idOf = db.prepare<[Buffer], { id: string }>('SELECT id FROM sessions WHERE hash = ?')
  const end = db.prepare('DELETE FROM sessions WHERE account = ? AND id = ?')
  const revoke = db.prepare('DELETE FROM sessions WHERE hash = ?')
  const revokeAll = db.prepare('DELETE FROM sessions WHERE account = ?')

  return {
    create(account, { agent, address } = { agent: '', address: '' }) {
      const secret = newSecret('')
      const now = Date.now()
      db.transaction(() => {
        expire.run(now)
        trim.run(account, account, MOST - 1)
        insert.run(hashSecret(secret), account, now, now + LIFETIME, now, randomBytes(9).toString('base64url'), agent.slice(0, LONGEST_AGENT), address)
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
    list(account) {
      const now = Date.now()
      return list.all(account, now, now - UNUSED)
    },
    idOf: secret => idOf.get(hashSecret(secret))?.id ?? null,
    end(account, id) {
      if (end.run(account, id).changes === 0) throw new AubergeError('not_found', 'there is no such session')
    },
    revoke(secret) { revoke.run(hashSecret(secret)) },
    revokeAll(account) { revokeAll.run(account) },
  }
}
