// The table of accounts: who can sign in. Passwords are kept as scrypt hashes only.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { checkInvite, useInvite } from './invites.ts'
import { parseUsername } from './parse.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import type { Accounts } from './registry.ts'
import type { Account, Allowance, Role } from './types.ts'
import { parsePassword } from './weak.ts'

export type AccountRow = {
  id: number; username: string; role: Role; password: string; suspended: string | null; created_at: number; language: Account['language']
  most_names: number | null; most_domains: number | null; most_disk: number | null; most_memory: number | null
}

/** A row as the rest of the house sees it: without the password. */
export function toAccount(row: AccountRow): Account {
  const { id, username, role, suspended, language } = row
  return { id, username, role, suspended, createdAt: row.created_at, language, mostNames: row.most_names, mostDomains: row.most_domains, mostDisk: row.most_disk, mostMemory: row.most_memory }
}

export function openAccounts(db: Database): Accounts {
  const byId = db.prepare<[number], AccountRow>('SELECT * FROM accounts WHERE id = ?')
  const byName = db.prepare<[string], AccountRow>('SELECT * FROM accounts WHERE username = ?')
  const all = db.prepare<[], AccountRow>('SELECT * FROM accounts ORDER BY username')
  const insert = db.prepare('INSERT INTO accounts (username, role, password, created_at) VALUES (?, ?, ?, ?)')
  const rehash = db.prepare('UPDATE accounts SET password = ? WHERE id = ? AND password = ?')
  const setPassword = db.prepare('UPDATE accounts SET password = ? WHERE id = ?')
  const setRole = db.prepare('UPDATE accounts SET role = ? WHERE id = ?')
  const suspend = db.prepare('UPDATE accounts SET suspended = ? WHERE id = ?')
  const setLanguage = db.prepare('UPDATE accounts SET language = ? WHERE id = ?')
  const allow = db.prepare<[Allowance & { id: number }]>('UPDATE accounts SET most_names = :mostNames, most_domains = :mostDomains, most_disk = :mostDisk, most_memory = :mostMemory WHERE id = :id')
  const endSessions = db.prepare('DELETE FROM sessions WHERE account = ?')
  const held = db.prepare<[number], { names: number }>('SELECT count(*) AS names FROM reservations WHERE owner = ?')
  const remove = db.prepare('DELETE FROM accounts WHERE id = ?')

  const refuseTaken = (username: string): void => {
    if (byName.get(username)) throw new AubergeError('username_taken', `the username ${username} is taken: choose another`)
  }

  return {
    async create({ username: wanted, password: secret, role = 'user', invite }) {
      const username = parseUsername(wanted)
      const password = parsePassword(secret, username)
      refuseTaken(username)
      if (invite !== undefined) checkInvite(db, invite)
      const hash = await hashPassword(password)
      const add = db.transaction(() => {
        refuseTaken(username)
        if (invite !== undefined) useInvite(db, invite)
        return Number(insert.run(username, role, hash, Date.now()).lastInsertRowid)
      })
      return toAccount(required(byId.get(add.immediate())))
    },

    async createAll(requests) {
      const wanted = requests.map(one => ({ username: parseUsername(one.username), password: parsePassword(one.password, one.username) }))
      for (const { username } of wanted) refuseTaken(username)
      const hashed: { username: string; hash: string }[] = []
      // One at a time: people sign in meanwhile.
      for (const { username, password } of wanted) hashed.push({ username, hash: await hashPassword(password) })
      const add = db.transaction(() => hashed.map(({ username, hash }) => {
        refuseTaken(username)
        return Number(insert.run(username, 'user', hash, Date.now()).lastInsertRowid)
      }))
      return add.immediate().map(id => toAccount(required(byId.get(id))))
    },

    async verify(username, password) {
      const row = byName.get(username) ?? null
      const { right, stale } = await checkPassword(password, row?.password ?? null)
      if (!row || !right) return null
      if (stale) rehash.run(await hashPassword(password), row.id, row.password)
      const now = byId.get(row.id)
      return now ? toAccount(now) : null
    },

    get: id => optional(byId.get(id)),
    byName: username => optional(byName.get(username)),
    list: () => all.all().map(toAccount),

    async setPassword(id, secret) {
      const row = required(byId.get(id))
      const hash = await hashPassword(parsePassword(secret, row.username))
      db.transaction(() => {
        changed(setPassword.run(hash, id).changes)
        endSessions.run(id)
      }).immediate()
    },

    setRole(id, role) { changed(setRole.run(role, id).changes) },
    setLanguage(id, language) { changed(setLanguage.run(language, id).changes) },
    allow(id, change) {
      db.transaction(() => {
        const { mostNames, mostDomains, mostDisk, mostMemory } = { ...toAccount(required(byId.get(id))), ...change }
        allow.run({ id, mostNames, mostDomains, mostDisk, mostMemory })
      }).immediate()
    },
    suspend(id, reason) { changed(suspend.run(reason, id).changes) },

    remove(id) {
      db.transaction(() => {
        const names = held.get(id)?.names ?? 0
        if (names > 0) throw new AubergeError('conflict', `the account still holds ${names} name(s): delete them first`)
        changed(remove.run(id).changes)
      }).immediate()
    },
  }
}

function optional(row: AccountRow | undefined): Account | null {
  return row ? toAccount(row) : null
}

function required(row: AccountRow | undefined): AccountRow {
  if (!row) throw new AubergeError('not_found', 'there is no such account')
  return row
}

function changed(rows: number): void {
  if (rows === 0) throw new AubergeError('not_found', 'there is no such account')
}
