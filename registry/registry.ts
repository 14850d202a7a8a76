// What the registry offers: one object a table, each a handful of verbs. Opened by control alone.
// Every verb that changes something is one transaction and is on disk (WAL, synchronous=FULL) when it returns.
import type { Quota } from './quotas.ts'
import type { Account, Allowance, Domain, Limits, Reservation, ReservationPhase, Role, Site, TokenScope } from './types.ts'

export type Registry = {
  accounts: Accounts
  sessions: Sessions
  tokens: Tokens
  invites: Invites
  reservations: Reservations
  sites: Sites
  domains: Domains
  audit: Audit
  settings: Settings
  tries: Tries
  reports: Reports
  quotas: Quotas
  /** Runs `act` as one transaction; a throw undoes all of it. */
  transaction<T>(act: () => T): T
  /** Writes all of it, as it is at one moment, to a new file of its own (SQLite's online backup). */
  copy(file: string): Promise<void>
  close(): void
}

export interface Accounts {
  /** Checks and hashes the password (scrypt), uses up one use of `invite` where given. `username_taken`, `username_invalid`, `password_weak`, `invite_invalid`. */
  create(request: { username: string; password: string; role?: Role; invite?: string }): Promise<Account>
  /** The account if the password is right, else null; takes as long for an unknown username. */
  verify(username: string, password: string): Promise<Account | null>
  /** As `create` for each of many: all of them are made, or none. */
  createAll(requests: { username: string; password: string }[]): Promise<Account[]>
  get(id: number): Account | null
  byName(username: string): Account | null
  list(): Account[]
  /** Also ends every session of the account. */
  setPassword(id: number, password: string): Promise<void>
  setRole(id: number, role: Role): void
  setLanguage(id: number, language: Account['language']): void
  /** What the account may have in all; what isn't named stays. */
  allow(id: number, change: Partial<Allowance>): void
  /** With a reason: suspends; with null: resumes. */
  suspend(id: number, reason: string | null): void
  /** Refused (`conflict`) while the account holds reservations. */
  remove(id: number): void
}

/** Browser sessions. The registry keeps only SHA-256 of the secret. */
export interface Sessions {
  /** `from`: the browser and the address it was begun from, for its owner to recognise it by. */
  create(account: number, from?: { agent: string; address: string }): { secret: string; expiresAt: number }
  find(secret: string): Account | null
  /** The account's sessions, the last used first. */
  list(account: number): Session[]
  /** Which of them the secret is of; null: none. */
  idOf(secret: string): string | null
  revoke(secret: string): void
  /** Ends one by its id; `not_found` for another account's. */
  end(account: number, id: string): void
  revokeAll(account: number): void
}
export type Session = { id: string; agent: string; address: string; createdAt: number; lastUsedAt: number; expiresAt: number }

export interface Tokens {
  /** `token` is shown once; only its hash is kept. */
  create(account: number, name: string, scope?: TokenScope): { id: string; token: string }
  list(account: number): Token[]
  find(token: string): { account: Account; scope: TokenScope } | null
  /** `not_found` for another account's. */
  revoke(account: number, id: string): void
}

export type Token = { id: string; name: string; scope: TokenScope; createdAt: number; lastUsedAt: number | null }

export interface Invites {
  create(by: number | null, uses: number): Invite
  list(): Invite[]
  /** `not_found` where there is none. */
  remove(code: string): void
}
export type Invite = { code: string; uses: number; used: number; createdAt: number; expiresAt: number }

/** What is wrong with a name. third: two hyphens in the third and fourth place; mixed: letters of several scripts, or that read as others; resting: given up lately. */
export type NameFault = 'empty' | 'long' | 'capitals' | 'letters' | 'hyphens' | 'third' | 'mixed' | 'reserved' | 'tools' | 'lookalike' | 'taken' | 'resting'
export type NameVerdict = { available: true } | { available: false; code: 'name_invalid' | 'name_reserved' | 'name_taken'; because: NameFault; reason: string }

export interface Reservations {
  /** Whether `name` could be reserved now (by the account `by`, where given); `reason` is for people, in English. */
  check(name: string, by?: number): NameVerdict
  /** Reserves; throws the verdict's code. `quota` beyond `most` names of the account (admins: no limit). */
  create(request: { name: string; owner: number; kind: 'site' | 'external'; addresses?: Reservation['addresses']; most?: number; phase?: ReservationPhase }): Reservation
  get(name: string): Reservation | null
  /** All, or one account's, by name. */
  list(owner?: number): Reservation[]
  /** Whether more than one account holds names. */
  isShared(): boolean
  /** All, one at a time: a hundred thousand in one list take a hundred megabytes. The registry takes no change meanwhile. */
  walk(): Iterable<Reservation>
  /** Those that are being made or removed, by name. */
  unfinished(): Reservation[]
  /** Writes down how far the reservation is; `not_found` where there is none. */
  mark(name: string, phase: ReservationPhase): void
  /** What is kept in DNS under the name from now on. */
  keep(name: string, records: Reservation['records']): void
  /** Whether `www.` of the name answers as it does. */
  setWww(name: string, www: boolean): void
  /** Where an external name points from now on; `not_found` for any other. */
  point(name: string, addresses: Reservation['addresses']): void
  /** The account that held a name last, where it rests; null where none does. */
  lastOwner(name: string): number | null
  /** Frees the name; nobody but its last owner can take it before `quarantinedUntil` (epoch milliseconds). */
  remove(name: string, quarantinedUntil: number): void
}

/** `start: null` goes back to the image's own. */
export type SiteChange = Partial<Pick<Site, 'image' | 'env' | 'php' | 'start' | 'databasePassword' | 'wakeForRobots' | 'egress' | 'ports' | 'mostPorts'>> & { limits?: Partial<Limits> }

export interface Sites {
  create(site: { name: string; owner: number; image: string; limits?: Limits; env?: Record<string, string> }): Site
  get(name: string): Site | null
  list(owner?: number): Site[]
  /** All, one at a time, as with reservations. */
  walk(): Iterable<Site>
  update(name: string, change: SiteChange): Site
  remove(name: string): void
}

export interface Domains {
  /** A pending claim, or the one there is, begun anew; what the site holds already stays. `quota` beyond `most` domains of the account (admins: no limit). */
  claim(domain: string, site: string, account: number, most: number): Domain
  get(domain: string, site: string): Domain | null
  /** Who holds it: verified or lapsed. */
  holder(domain: string): Domain | null
  /** Whether another account claims it, too. */
  isContested(domain: string, account: number): boolean
  ofSite(site: string): Domain[]
  /** All that are held, one at a time. The registry takes no change meanwhile. */
  walkHeld(): Iterable<Domain>
  /** Those that were not looked at since, the longest ago first. */
  due(which: 'held' | 'pending', checkedBefore: number, most: number): Domain[]
  /** Writes down what a look found: state, proof, finding and times. Two holders of one domain are impossible. */
  note(domain: Domain): void
  /** Where visitors of the site are sent; null: nowhere. `conflict` for a domain that isn't held. */
  setCanonical(site: string, domain: string | null): void
  /** Gives one back. What was held rests until then: no other account takes it without a TXT proof. */
  release(domain: string, site: string, until: number): void
  releaseAll(site: string, until: number): void
  /** Forgets pending claims that are older, and says which. */
  expire(claimedBefore: number): { domain: string; site: string }[]
  /** Until when a domain that another account held before rests; null where none did. */
  othersUntil(domain: string, account: number): number | null
  /** Whether another account held this name of the zone before. */
  wasOthers(name: string, account: number): boolean
}

export type AuditEntry = { id: number; at: number; actor: string; action: string; subject: string; detail: string | null }
export interface Audit {
  add(entry: { actor: string; action: string; subject: string; detail?: string }): void
  /** Newest first; with `filter` those that match all of it, `by` and `about` being an actor and a subject. */
  list(most: number, filter?: AuditFilter): AuditEntry[]
}
/** `before`: entries older than the one with this id. */
export type AuditFilter = { by?: string; about?: string; action?: string; before?: number }

/** Small values that must survive a restart, such as the zone's serial. */
export interface Settings {
  get(key: string): string | null
  set(key: string, value: string): void
  forget(key: string): void
}

/** How often something was tried by `key`, until `until` (epoch milliseconds). */
export type Try = { key: string; count: number; until: number }
export interface Tries {
  /** Those whose time isn't over. */
  load(): Try[]
  /** Writes down `changed`, forgets `gone` and what is over, as one transaction. */
  save(changed: Try[], gone: string[]): void
}

export interface Quotas {
  /** What the account has of each. */
  of(account: number): Record<Quota, number>
  /** `quota` (OverQuota) where the account would have too much with so much more; `usual`: what the house says where the account has no bound of its own (none: no bound). Admins have none. */
  check(account: number, more: Partial<Record<Quota, number>>, usual?: Partial<Record<Quota, number>>): void
}

export type ReportKind = 'phishing' | 'malware' | 'illegal' | 'spam' | 'other'
/** What a visitor says of a host; `contact` is how to reach them, if they wish. */
export type Report = { id: number; at: number; host: string; kind: ReportKind; text: string; contact: string | null; closedAt: number | null; closedBy: string | null }
export interface Reports {
  /** `unavailable` while too many are open already. */
  add(report: Pick<Report, 'host' | 'kind' | 'text' | 'contact'>): Report
  /** Open ones first, the newest of each first. */
  list(most: number): Report[]
  open(): number
  /** `not_found` where there is no such open report. */
  close(id: number, by: string): void
}
