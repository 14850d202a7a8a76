// The administrator of the database server: its password and its connection. Nobody but root of the host can reach the port it uses.
// Called by pod.ts and database.ts.
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createConnection, type Connection } from 'mariadb'
import type { Host } from '../host.ts'
import { databaseLink } from '../instance.ts'
import { DATABASE, podPlaces } from '../places.ts'
import { replaceDurably } from '../state.ts'
import { hashed, quoted } from './accounts.ts'

const USER = 'auberge'
/** The house's own port (images/recipes/mariadb/my.cnf): no number of sites' connections keeps us out. */
const PORT = 3307
/** Milliseconds to connect, and a statement may take. */
const CONNECT = 5_000
const STATEMENT = 60_000

/** The administrator's password: made once, in a file that only root may read. */
export async function administratorPassword(host: Host): Promise<string> {
  const { dir } = podPlaces(host.data, DATABASE)
  const file = `${dir}/password`
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null) return known
  const password = randomBytes(32).toString('hex')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await replaceDurably(file, password)
  return password
}

/** What the server runs each time before anybody may connect: one statement a line. It holds the password's hash, never the password. */
export async function administratorSql(host: Host): Promise<string> {
  const account = `${quoted(USER)}@${quoted(databaseLink(host.instance).host)}`
  const hash = hashed(await administratorPassword(host))
  return `CREATE OR REPLACE USER ${account} IDENTIFIED BY PASSWORD ${quoted(hash)};\nGRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;\n`
}

/** Connects, lets `act` work and disconnects, whatever came of it. */
export async function asAdministrator<T>(host: Host, act: (sql: Connection) => Promise<T>): Promise<T> {
  const sql = await createConnection({
    host: databaseLink(host.instance).pod, port: PORT, user: USER, password: await administratorPassword(host),
    connectTimeout: CONNECT, socketTimeout: STATEMENT, logParam: false, bigIntAsNumber: true, decimalAsNumber: true,
  })
  // A connection that breaks between two statements says so here; the next statement fails.
  sql.on('error', () => {})
  try {
    return await act(sql)
  } finally {
    await sql.end().catch(() => sql.destroy())
  }
}
