// The table of API tokens: secrets that programs sign in with, until they are revoked.
import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { toAccount, type AccountRow } from './accounts.ts'
import { parseTokenName } from './parse.ts'
import type { Token, Tokens } from './registry.ts'
import { hashSecret, newSecret } from './secret.ts'
import type { TokenScope } from './types.ts'

/** A use is written down at most this often, for every write waits for the disk. */
const TOUCH = 60 * 1000
/** Tokens one account may have. */
const MOST = 100

type Scoped = { may: TokenScope['may']; site: string | null }
type Found = AccountRow & Scoped & { token: string; last_used_at: number | null }
type Listed = Scoped & Omit<Token, 'scope'>

export function openTokens(db: Database): Tokens {
  const insert = db.prepare('INSERT INTO tokens (id, hash, account, name, created_at, may, site) VALUES (?, ?, ?, ?, ?, ?, ?)')
  const count = db.prepare<[number], { tokens: number }>('SELECT count(*) AS tokens FROM tokens WHERE account = ?')
  const list = db.prepare<[number], Listed>(`SELECT id, name, may, site, created_at AS createdAt, last_used_at AS lastUsedAt
    FROM tokens WHERE account = ? ORDER BY created_at, id`)
  const find = db.prepare<[Buffer], Found>(`SELECT accounts.*, tokens.id AS token, tokens.may, tokens.site, tokens.last_used_at
    FROM tokens JOIN accounts ON accounts.id = tokens.account WHERE tokens.hash = ?`)
  const touch = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')
  const revoke = db.prepare('DELETE FROM tokens WHERE account = ? AND id = ?')

  return {
    create(account, wanted, scope = { may: 'all' }) {
      const name = parseTokenName(wanted)
      const id = randomBytes(9).toString('base64url')
      const token = newSecret('abt_')
      db.transaction(() => {
        if ((count.get(account)?.tokens ?? 0) >= MOST) throw new AubergeError('quota', `an account may have ${MOST} tokens: revoke one first`)
        insert.run(id, hashSecret(token), account, name, Date.now(), scope.may, 'site' in scope ? scope.site : null)
      }).immediate()
      return { id, token }
    },
    list: account => list.all(account).map(({ may, site, ...token }) => ({ ...token, scope: scopeOf({ may, site }) })),
    find(token) {
      const found = find.get(hashSecret(token))
      if (!found) return null
      const now = Date.now()
      if (now - (found.last_used_at ?? 0) > TOUCH) touch.run(now, found.token)
      return { account: toAccount(found), scope: scopeOf(found) }
    },
    revoke(account, id) {
      if (revoke.run(account, id).changes === 0) throw new AubergeError('not_found', 'there is no such token')
    },
  }
}

/** A token for one site goes with it, so it always has one. */
function scopeOf({ may, site }: Scoped): TokenScope {
  if (may === 'dyndns') return { may, site }
  return may === 'deploy' ? { may, site: site ?? '' } : { may }
}
