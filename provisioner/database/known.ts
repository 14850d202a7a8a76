// What the server has of sites: databases, users, grants. Called by database.ts.
import type { Connection } from 'mariadb'
import { subnet4, type Instance } from '../instance.ts'
import type { Known } from './accounts.ts'

type Users = { name: string; address: string; hash: string }[]
type Grants = { name: string; address: string; writes: string }[]

/** How the addresses of all sites begin; nobody else's in the server do. */
export const rangeOf = (of: Instance): string => `${subnet4(of).split('.').slice(0, 2).join('.')}.`

const DATABASES = "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND SCHEMA_NAME NOT LIKE '+%' AND (? IS NULL OR SCHEMA_NAME = ?)"
const USERS = 'SELECT User AS name, Host AS address, authentication_string AS hash FROM mysql.user WHERE Host LIKE ? AND (? IS NULL OR User = ?)'
const GRANTS = 'SELECT User AS name, Host AS address, Insert_priv AS writes FROM mysql.db WHERE Host LIKE ? AND Db = User AND (? IS NULL OR User = ?)'

/** Whose second databases were left by a provisioner that was killed. */
export function scratches(sql: Connection): Promise<{ name: string; address: string }[]> {
  return sql.query("SELECT User AS name, Host AS address FROM mysql.db WHERE Db = CONCAT('+', User)")
}

/** Of one site, or of all (`only` null). */
export async function known(sql: Connection, of: Instance, only: string | null): Promise<Known> {
  const range = `${rangeOf(of)}%`
  const databases = await sql.query<{ name: string }[]>(DATABASES, [only, only])
  const users = await sql.query<Users>(USERS, [range, only, only])
  const grants = await sql.query<Grants>(GRANTS, [range, only, only])
  return { databases: new Set(databases.map(each => each.name)), users, grants: grants.map(each => ({ ...each, writes: each.writes === 'Y' })) }
}
