// Which statements make the server's databases and accounts what the sites' specifications say. Called by database.ts.
// Pure. A site's database and user have the site's name, `[a-z0-9-]`, in which SQL has no wildcard either.
import { createHash } from 'node:crypto'
import { AubergeError } from '../../wire/error.ts'

/** What a site is to have: its user may come from `address` alone. `writes`: false for one that is over its limit. */
export type Account = { name: string; address: string; hash: string; writes: boolean }

/** What there is: databases, users with their address and password hash, and whose grants let them write. Our own and the server's left out. */
export type Known = { databases: Set<string>; users: { name: string; address: string; hash: string }[]; grants: { name: string; address: string; writes: boolean }[] }

/** The server's own databases: no site's database is called so. */
const SYSTEM = new Set(['mysql', 'sys', 'information-schema', 'performance-schema'])

/** Connections of one site at once: Apache has 24 processes. Seconds a statement runs, unless its session says otherwise. */
const CONNECTIONS = 30
const SECONDS = 60

/** What a site over its limit keeps: it can read, and make itself smaller. */
const READING = 'SELECT, DELETE, DROP, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT'

/** Whether a site of this name can have a database. */
export const isDatabaseName = (name: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !SYSTEM.has(name)

/** What the server keeps of a password (mysql_native_password): statements carry it in the password's place, so that none is ever written down. */
export function hashed(password: string): string {
  const once = createHash('sha1').update(password).digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}

/** A text as SQL. `failed` for one that would need escaping: names, addresses and hashes don't. */
export function quoted(text: string): string {
  if (!/^[A-Za-z0-9.*+-]+$/.test(text)) throw new AubergeError('failed', `${JSON.stringify(text).slice(0, 80)} can't be part of a statement`)
  return `'${text}'`
}

const identifier = (name: string): string => `\`${quoted(name).slice(1, -1)}\``
const user = ({ name, address }: { name: string; address: string }): string => `${quoted(name)}@${quoted(address)}`

/** The statements for the sites that are `wanted`. What else is known, and whose name `isStray` says nobody has, is dropped. */
export function changes(wanted: Account[], known: Known, isStray: (name: string) => boolean = () => false): string[] {
  return [...wanted.flatMap(account => made(account, known)), ...dropped(known, isStray)]
}

function made(account: Account, known: Known): string[] {
  const { name, address, hash, writes } = account
  const old = known.users.filter(each => each.name === name && each.address !== address)
  const present = known.users.find(each => each.name === name && each.address === address)
  const grant = known.grants.find(each => each.name === name && each.address === address)
  return [
    ...(known.databases.has(name) ? [] : [`CREATE DATABASE IF NOT EXISTS ${identifier(name)}`]),
    ...old.map(each => `DROP USER IF EXISTS ${user(each)}`),
    ...(present ? [] : [`CREATE OR REPLACE USER ${user(account)} IDENTIFIED BY PASSWORD ${quoted(hash)} WITH MAX_USER_CONNECTIONS ${CONNECTIONS} MAX_STATEMENT_TIME ${SECONDS}`]),
    ...(present && present.hash !== hash ? [`ALTER USER ${user(account)} IDENTIFIED BY PASSWORD ${quoted(hash)}`, `KILL USER ${user(account)}`] : []),
    ...(present && grant?.writes === writes ? [] : granted(account, grant !== undefined)),
  ]
}

/** Connections keep the rights they came with until they change databases: they are ended with those. */
function granted(account: Account, before: boolean): string[] {
  const database = `${identifier(account.name)}.*`
  if (account.writes) return [`GRANT ALL PRIVILEGES ON ${database} TO ${user(account)}`, ...(before ? [`KILL USER ${user(account)}`] : [])]
  return [
    ...(before ? [`REVOKE ALL PRIVILEGES ON ${database} FROM ${user(account)}`] : []), `GRANT ${READING} ON ${database} TO ${user(account)}`, `KILL USER ${user(account)}`,
  ]
}

/** The database in which a site's dump is tried out: no site is called so. */
export const scratchOf = (name: string): string => `+${name}`

/** The right to it comes first: what has one is found again (known.ts). */
export function scratchMade(account: Account): string[] {
  const database = identifier(scratchOf(account.name))
  return [`GRANT ALL PRIVILEGES ON ${database}.* TO ${user(account)}`, `DROP DATABASE IF EXISTS ${database}`, `CREATE DATABASE ${database}`]
}

/** Ends what is being done with it; the right to it stays until it is given back. */
export const scratchEmptied = (account: Pick<Account, 'name' | 'address'>): string[] => [`KILL USER ${user(account)}`, `DROP DATABASE IF EXISTS ${identifier(scratchOf(account.name))}`]

export const scratchDropped = (account: Pick<Account, 'name' | 'address'>): string[] =>
  [...scratchEmptied(account), `REVOKE ALL PRIVILEGES ON ${identifier(scratchOf(account.name))}.* FROM ${user(account)}`]

/** The database anew, without anything in it. */
export const emptied = ({ name }: Account): string[] => [`DROP DATABASE IF EXISTS ${identifier(name)}`, `CREATE DATABASE ${identifier(name)}`]

function dropped({ databases, users }: Known, isStray: (name: string) => boolean): string[] {
  return [
    ...users.filter(({ name }) => isStray(name)).flatMap(each => [`DROP USER IF EXISTS ${user(each)}`, `KILL USER ${user(each)}`]),
    ...[...databases].filter(isStray).map(name => `DROP DATABASE IF EXISTS ${identifier(name)}`),
  ]
}
