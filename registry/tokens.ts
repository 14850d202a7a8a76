// The table of API tokens: secrets that programs sign in with, until they are revoked.
import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { toAccount, type AccountRow } from './accounts.ts'
import { parseTokenName } from './parse.ts'
import type { Tokens } from './registry.ts'
import { hashSecret, newSecret } from './secret.ts'

/** A use is written down at most this often, for every write waits for the disk. */
const TOUCH = 60 * 1000
/** Tokens one account may have. */
const MOST = 100

type Found = AccountRow & { token: string; last_used_at: number | null }
type Listed = { id: string; name: string; createdAt: number; lastUsedAt: number | null }

export function openTokens(db: Database): Tokens {
  const insert = db.prepare('INSERT INTO tokens (id, hash, account, name, created_at) VALUES (?, ?, ?, ?, ?)')
  const count = db.prepare<[number], { tokens: number }>('SELECT count(*) AS tokens FROM tokens WHERE account = ?')
  const list = db.prepare<[number], Listed>(`SELECT id, name, created_at AS createdAt, last_used_at AS lastUsedAt
    FROM tokens WHERE account = ? ORDER BY created_at, id`)
  const find = db.prepare<[Buffer], Found>(`SELECT accounts.*, tokens.id AS token, tokens.last_used_at
    FROM tokens JOIN accounts ON accounts.id = tokens.account WHERE tokens.hash = ?`)
  const touch = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')
  const revoke = db.prepare('DELETE FROM tokens WHERE account = ? AND id = ?')

  return {
    create(account, wanted) {
      const name = parseTokenName(wanted)
      const id = randomBytes(9).toString('base64url')
      const token = newSecret('abt_')
      db.transaction(() => {
        if ((count.get(account)?.tokens ?? 0) >= MOST) throw new AubergeError('quota', `an account may have ${MOST} tokens: revoke one first`)
        insert.run(id, hashSecret(token), account, name, Date.now())
      }).immediate()
      return { id, token }
    },
    list: account => list.all(account),
    find(token) {
      const found = find.get(hashSecret(token))
      if (!found) return null
      const now = Date.now()
      if (now - (found.last_used_at ?? 0) > TOUCH) touch.run(now, found.token)
      return toAccount(found)
    },
    revoke(account, id) {
      if (revoke.run(account, id).changes === 0) throw new AubergeError('not_found', 'there is no such token')
    },
  }
}
