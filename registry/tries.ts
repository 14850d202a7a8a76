// The table of tries: how often something was tried, so that a restart forgives nobody. Called by the panel's rates, which count in memory.
import type { Database } from 'better-sqlite3'
import type { Tries, Try } from './registry.ts'

export function openTries(db: Database): Tries {
  const load = db.prepare<[number], Try>('SELECT key, count, until FROM tries WHERE until > ?')
  const put = db.prepare('INSERT OR REPLACE INTO tries (key, count, until) VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM tries WHERE key = ?')
  const forget = db.prepare('DELETE FROM tries WHERE until <= ?')
  return {
    load: () => load.all(Date.now()),
    save(changed, gone) {
      db.transaction(() => {
        for (const { key, count, until } of changed) put.run(key, count, until)
        for (const key of gone) remove.run(key)
        forget.run(Date.now())
      }).immediate()
    },
  }
}
