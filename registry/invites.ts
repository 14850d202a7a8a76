// The table of invites: codes with which people sign up where signing up isn't open to all. Used by accounts.ts when one is made.
import { randomInt } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import type { Invite, Invites } from './registry.ts'

const LIFETIME = 30 * 24 * 3600 * 1000
const MOST_USES = 10_000
/** Without what reads alike (0 o, 1 l i) and without u. Sixteen of them are 78 bits. */
const LETTERS = '23456789abcdefghjkmnpqrstvwxyz'

const COLUMNS = 'code, uses, used, created_at AS createdAt, expires_at AS expiresAt'

export function openInvites(db: Database): Invites {
  const insert = db.prepare('INSERT INTO invites (code, uses, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?)')
  const list = db.prepare<[], Invite>(`SELECT ${COLUMNS} FROM invites ORDER BY created_at DESC, code`)
  const remove = db.prepare('DELETE FROM invites WHERE code = ?')
  const forget = db.prepare('DELETE FROM invites WHERE expires_at < ?')
  return {
    create(by, uses) {
      if (!Number.isInteger(uses) || uses < 1 || uses > MOST_USES) {
        throw new AubergeError('invalid', `an invite is for 1 to ${MOST_USES} people, not ${uses}`)
      }
      const now = Date.now()
      const invite = { code: newCode(), uses, used: 0, createdAt: now, expiresAt: now + LIFETIME }
      db.transaction(() => {
        forget.run(now - LIFETIME)
        insert.run(invite.code, uses, by, now, invite.expiresAt)
      }).immediate()
      return invite
    },
    list: () => list.all(),
    remove(code) {
      if (remove.run(spelled(code)).changes === 0) throw new AubergeError('not_found', 'there is no such invite')
    },
  }
}

/** Throws `invite_invalid` unless the code has a use left. */
export function checkInvite(db: Database, code: string): void {
  const good = db.prepare('SELECT 1 FROM invites WHERE code = ? AND used < uses AND expires_at > ?')
  if (!good.get(spelled(code), Date.now())) refuse()
}

/** Uses the invite once, inside the caller's transaction. */
export function useInvite(db: Database, code: string): void {
  const use = db.prepare('UPDATE invites SET used = used + 1 WHERE code = ? AND used < uses AND expires_at > ?')
  if (use.run(spelled(code), Date.now()).changes === 0) refuse()
}

function refuse(): never {
  throw new AubergeError('invite_invalid', 'this invite is unknown, used up or expired: ask for a new one')
}

function newCode(): string {
  const letters = Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)])
  return letters.join('').replace(/(.{4})(?=.)/g, '$1-')
}

/** As people type it: any case, spaces around. */
function spelled(code: string): string {
  return code.trim().toLowerCase()
}
