// Brings a registry file to the newest shape: numbered SQL files, each applied once in a transaction. Called by open.ts.
import { readFileSync, readdirSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'

const FOLDER = `${import.meta.dirname}/migrations`

export type Migration = { version: number; sql: string }

/** The migrations of this program, oldest first: files `001-what.sql`, numbered without a gap. */
export function migrations(folder: string = FOLDER): Migration[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.sql')).sort()
  return files.map((file, index) => {
    const version = Number.parseInt(file, 10)
    if (version !== index + 1) throw new AubergeError('failed', `migration ${file} should have number ${index + 1}`)
    return { version, sql: readFileSync(`${folder}/${file}`, 'utf8') }
  })
}

/** Applies what is missing. A file written by a newer program is refused untouched. */
export function migrate(db: Database, steps: Migration[] = migrations()): void {
  const run = db.transaction(() => {
    const at = Number(db.pragma('user_version', { simple: true }))
    if (at > steps.length) {
      throw new AubergeError('failed', `the registry ${db.name} has version ${at}, this program knows up to ${steps.length}: start a newer Auberge`)
    }
    for (const step of steps.slice(at)) {
      db.exec(step.sql)
      db.pragma(`user_version = ${step.version}`)
    }
  })
  run.immediate()
}
