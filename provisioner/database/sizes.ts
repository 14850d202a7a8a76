// How much each site's database takes on the disk, and giving back what is free in it. Called by database.ts.
// What counts is the size of its files, which no site can hide: every table is InnoDB's and has a file of its own (images/recipes/mariadb/my.cnf).
import type { Connection } from 'mariadb'

const MiB = 2 ** 20
/** Bytes that must be free in a table before it is worth writing it anew. */
const WORTH = 4 * MiB
/** Seconds after which a statement of a site is ended, whatever its session has set. */
const LONGEST = 300

/** Bytes by database. A file's name spells `-` as `@002d` and `+` as `@002b`. */
export async function sizes(sql: Connection): Promise<Map<string, number>> {
  const rows = await sql.query<{ name: string; bytes: number }[]>(
    "SELECT SUBSTRING_INDEX(NAME, '/', 1) AS name, SUM(FILE_SIZE) AS bytes FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME LIKE '%/%' GROUP BY 1")
  return new Map(rows.map(({ name, bytes }) => [name.replaceAll('@002d', '-').replaceAll('@002b', '+'), Number(bytes)]))
}

/** Writes the tables of a database anew that have room to give back: deleting rows alone makes no file smaller. Resolves with whether there were any. */
export async function shrink(sql: Connection, database: string): Promise<boolean> {
  const rows = await sql.query<{ name: string }[]>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND ENGINE = 'InnoDB' AND DATA_FREE > ?", [database, WORTH])
  for (const { name } of rows) await sql.query(`OPTIMIZE NO_WRITE_TO_BINLOG TABLE ${sql.escapeId(database)}.${sql.escapeId(name)}`)
  return rows.length > 0
}

/** Ends statements of sites that take too long. `range`: how their addresses begin. */
export async function endLongStatements(sql: Connection, range: string): Promise<void> {
  const rows = await sql.query<{ id: number }[]>(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Sleep' AND TIME > ? AND HOST LIKE ?", [LONGEST, `${range}%`])
  for (const { id } of rows) await sql.query(`KILL QUERY ${Number(id)}`).catch(() => {})
}
