// Opens the registry's file and puts its tables together. Called by control, and by nobody else while control runs.
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { openAccounts } from './accounts.ts'
import { openAudit } from './audit.ts'
import { openDomains } from './domains.ts'
import { openInvites } from './invites.ts'
import { migrate } from './migrate.ts'
import { openQuotas } from './quotas.ts'
import type { Registry } from './registry.ts'
import { openReservations } from './reservations.ts'
import { openReports } from './reports.ts'
import { openSessions } from './sessions.ts'
import { openSettings } from './settings.ts'
import { openSites } from './sites.ts'
import { openTokens } from './tokens.ts'
import { openTries } from './tries.ts'

/**
 * Opens the registry at `file`, creating it (mode 0600) and bringing it up to date as needed.
 * Throws where the file is no database, damaged, or newer than this program.
 */
export function openRegistry(file: string): Registry {
  keepPrivate(file)
  const db = new Database(file)
  try {
    configure(db)
    migrate(db)
  } catch (error) {
    db.close()
    throw error
  }
  return {
    accounts: openAccounts(db),
    sessions: openSessions(db),
    tokens: openTokens(db),
    invites: openInvites(db),
    reservations: openReservations(db),
    sites: openSites(db),
    domains: openDomains(db),
    audit: openAudit(db),
    settings: openSettings(db),
    tries: openTries(db),
    reports: openReports(db),
    quotas: openQuotas(db),
    copy: async file => { await db.backup(file) },
    transaction: act => db.transaction(act).immediate(),
    close: () => { db.close() },
  }
}

/** SQLite gives its journal files the mode of the database, so that is set before the first is made. */
function keepPrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function configure(db: Database.Database): void {
  db.pragma('busy_timeout = 5000')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma('trusted_schema = OFF')
}
