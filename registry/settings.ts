// The table of small values that must survive a restart, such as the zone's serial.
import type { Database } from 'better-sqlite3'
import type { Settings } from './registry.ts'

export function openSettings(db: Database): Settings {
  const get = db.prepare<[string], { value: string }>('SELECT value FROM settings WHERE key = ?')
  const set = db.prepare('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  const remove = db.prepare('DELETE FROM settings WHERE key = ?')
  return {
    get: key => get.get(key)?.value ?? null,
    set(key, value) { set.run(key, value) },
    forget(key) { remove.run(key) },
  }
}
