// The front desk: what the panel asks of control. The panel's handlers know accounts and HTTP; the desk knows sites, names, pods and routes.
import type { Duplex, Readable } from 'node:stream'
import type { Stage } from '../registry/keyring.ts'
import type { SiteChange } from '../registry/registry.ts'
import type { Space } from '../wire/space.ts'
import type { Account, Domain, Egress, Limits, SiteRecord, SiteState, WakeCause } from '../registry/types.ts'
import type { AcmeView } from './certificates/acme/schedule.ts'
import type { Backup, DatabaseAccess, ExecRequest, FileChange, FileContent, ImageView, Listing, Usage, WakePhases } from '../provisioner/api.ts'

/** `account`: our address there, null before the first order. `clockError`: milliseconds this machine's clock is behind the server's, 0 where it is right. */
export type AcmeHouse = { server: string; account: string | null; clockError: number; orders: AcmeView[] }
export type AcmeStep = 'renew' | 'revoke' | 'rollover'

/** A reservation as its owner sees it; also the API's shape. An external name has state `running`, no image and its own addresses. */
export type SiteView = {
  name: string
  kind: 'site' | 'external'
  url: string
  state: SiteState
  owner: string
  /** What it is set to: `php`, which means the newest version, or one (`php@2`). */
  image: string | null
  /** The version its pod is made of (`php@3`); null while there is no pod. */
  imageVersion: string | null
  /** Whether the pod that runs isn't what it would be made of now: a restart takes over a newer image, settings or an application's release. */
  restartNeeded: boolean
  ipv4: string[]
  ipv6: string[]
  /** Whether `www.` of the name answers as the name does. */
  www: boolean
  limits: Limits | null
  env: Record<string, string>
  /** Settings of PHP by their names in php.ini; `start`: what starts an application, null for its image's own. */
  php: Record<string, string>
  start: string | null
  /** Whether robots and scanners wake it, as anybody else does. */
  wakeForRobots: boolean
  /** Ports of its own IPv6 address that lead to its pod, and how many its owner may open. */
  ports: { port: number; proxyProtocol: boolean }[]
  mostPorts: number
  /** What its pod may reach of its own accord; null for an external name. */
  egress: Egress | null
  usage: Usage | null
  /** How to reach its database, in the answer about one site alone; null where it has none. */
  database: DatabaseAccess | null
  release: string | null
  releases: string[]
  createdAt: number
  lastWake: LastWake | null
  /** While it runs: since when (epoch milliseconds), who woke it (null: not known any more), and what keeps it from sleeping now. */
  awake: { since: number; cause: WakeCause | null; because: Reason[] } | null
  /** With state `failed`: what happened. */
  failure: string | null
}

/** requests: in flight, WebSockets and event streams among them. commands: that run in it. recent: it sleeps at `until` if nobody comes. */
export type Reason = { what: 'requests' | 'commands'; count: number } | { what: 'recent'; until: number }

/** Milliseconds of each part of a wake, as far as it came: waiting for room and for its turn, then what the provisioner says. */
export type Phases = { queue: number } & WakePhases

/** `at`: when it was asked for; `ms` from then to the pod's first answer. `from`: how deep the site slept. */
export type LastWake = { at: number; cause: WakeCause; ms: number; from: Depth; phases: Phases }
export type Depth = 'frozen' | 'asleep'

/**
 * A wake as it is written down. no_room: the house had no memory to spare; left: everybody who waited for room left before there was some.
 * `failure`: the first line of what went wrong.
 */
export type WakeRecord = Omit<LastWake, 'phases'> & { outcome: 'ok' | 'failed' | 'no_room' | 'left'; phases: Partial<Phases>; failure?: string }

/** How a site was used in one half hour that begins `at` (epoch milliseconds): the most memory its pod held, and its disk at the end, in bytes; null where nobody looked. */
export type UsageSample = { at: number; requests: number; wakes: number; memory: number; disk: number | null }

/** One row of the admin's routing table; also the API's shape of `GET /api/routes`. */
export type RouteView = {
  host: string
  kind: 'site' | 'static' | 'panel'
  site: string | null
  owner: string | null
  state: SiteState | null
  upstream: string | null
  ipv4: string[]
  ipv6: string[]
  inFlight: number
  requests: number
  /** Requests a second, of late. */
  perSecond: number
  lastRequestAt: number | null
  lastWake: { at: number; cause: string; ms: number } | null
  /** Bytes its pod holds; 0 while it is asleep. */
  memory: number
  /** Why it is awake, while it is. */
  because: Reason[] | null
}

/** How the house is. Sizes are bytes; null where there is no such part. */
export type Condition = {
  zone: string
  signup: 'open' | 'invite' | 'closed'
  startedAt: number
  /** `waiting`: wakes that wait for memory. */
  memory: { budget: number; held: number; waiting: number }
  disk: Space | null
  /** Sites by their state. */
  sites: Partial<Record<SiteState, number>>
  accounts: number
  routes: number
  processes: { name: string; ready: boolean; count: number; memory: number | null }[]
  dns: { serial: number; names: number; servers: number } | null
  machine: { load: number; cores: number; memory: number; free: number; since: number }
}

/**
 * A custom domain of a site; also the API's shape. `unicode`: as people write it. `expiresAt`: when a claim without a proof is forgotten. `records`: what to
 * set in DNS: the proof, and what leads here (`alias`: null for a domain that DNS allows no CNAME).
 */
export type DomainView = Omit<Domain, 'site' | 'account' | 'elsewhere'> & {
  unicode: string
  url: string
  expiresAt: number | null
  records: {
    proof: { name: string; type: 'TXT'; value: string }
    alias: { name: string; type: 'CNAME'; value: string } | null
    addresses: { name: string; a: string[]; aaaa: string[] }
  }
}

/** What a rolling restart tells, one after the other. skipped: it answers long requests, or is gone; failed: it doesn't start, was set back to what it ran on, and the restart ended. */
export type RollLine =
  | { event: 'begin'; image: string; sites: number }
  | { event: 'site'; site: string; nth: number; of: number; from: string; to: string; outcome: 'moved' | 'skipped' | 'failed'; ms: number; why?: string }
  | { event: 'end'; image: string; moved: number; left: number }

/** A final backup and whose it is; null: an account that is gone. */
export type FinalView = Backup & { owner: string | null }

/** A key of the zone. `ds`, `dnskey`: the data of its records, as registrars take them. `madeAt` in milliseconds since 1970. */
export type KeyView = { role: 'current' | 'next'; tag: number; madeAt: number; ds: string; dnskey: string }
/** How the zone is signed; `note` says what to do. `parent`: whether it is known to have a DS of ours. `until`: when the stage ends by itself. `lost`: DS that the parent may have of keys that a restore didn't bring. */
export type SigningView = { zone: string; signed: boolean; stage: Stage['is'] | 'off'; parent: 'unset' | 'set'; note: string; until: number | null; keys: KeyView[]; lost: string[] }
/** roll: begin a change of keys; confirm: the parent did what was asked; cancel: call off; withdraw: begin to leave signing. */
export type SigningStep = 'roll' | 'confirm' | 'cancel' | 'withdraw'

/** A name server that copies the zone. `keyed`: it must show a key. `serial`: of the version it answers with; null where it doesn't answer. */
export type SecondaryView = { name: string | null; address: string; port: number; keyed: boolean; serial: number | null }

export type LogSource = 'pod' | 'error' | 'access'
export type ArchiveType = 'zip' | 'tar.gz'

/** nochg: it pointed there before; nohost: no such name is the actor's to point. */
export type Pointed = 'good' | 'nochg' | 'nohost'

/** Every verb throws AubergeErrors; `actor` is who is recorded in the audit log. Whether the actor may is the panel's to check. */
export interface Desk {
  /** Reserves, and resolves once the name resolves, routes and (for a site) its pod is ready to start. Undone whole if any step fails. */
  createSite(actor: Account, request: { name: string; owner: Account; image?: string; addresses?: { a: string[]; aaaa: string[] } }): Promise<SiteView>
  /** `not_found` where there is no such reservation. With `usage` it asks the provisioner what the site uses, and says how to reach its database. */
  view(name: string, options?: { usage?: boolean }): Promise<SiteView>
  list(owner?: Account): SiteView[]
  /** The last wakes of a site, newest first. */
  wakes(name: string): Promise<WakeRecord[]>
  /** How it was used over the last week, oldest first. */
  history(name: string): Promise<UsageSample[]>
  updateSite(actor: Account, name: string, change: SiteChange): Promise<SiteView>
  /** The records an owner keeps in DNS under the name. */
  records(name: string): SiteRecord[]
  /** Puts others in their place (`invalid` where one can't be), and resolves, with their one spelling, once DNS answers them. */
  keepRecords(actor: Account, name: string, records: unknown): Promise<SiteRecord[]>
  /** Whether `www.` of the name answers as the name does; resolves once DNS and every relay know. */
  setWww(actor: Account, name: string, www: boolean): Promise<void>
  /** Where a name that points elsewhere points from now on. */
  point(actor: Account, name: string, addresses: unknown): Promise<void>
  /** Points a whole name of the actor's own, or one below that has addresses among its records, at these; what it has of the other family stays. */
  repoint(actor: Account, host: string, addresses: string[]): Promise<Pointed>
  /** The records the administrator keeps in the zone: at its apex, and at names that nobody can reserve. */
  zoneRecords(): SiteRecord[]
  keepZoneRecords(actor: Account, records: unknown): Promise<SiteRecord[]>
  /** Asks each secondary of the house for its version of the zone; a second at most. */
  secondaries(): Promise<SecondaryView[]>
  deleteSite(actor: Account, name: string, options?: { purge?: boolean }): Promise<void>
  wake(actor: Account, name: string): Promise<SiteView>
  sleep(actor: Account, name: string, tier?: 'frozen' | 'asleep'): Promise<SiteView>
  restart(actor: Account, name: string): Promise<SiteView>
  /** Leads a port of the site's own IPv6 address to its pod. `quota` beyond what the administrator lets its owner have (an administrator: beyond four); `conflict` where the house has no prefix. */
  expose(actor: Account, name: string, port: number, options?: { proxyProtocol?: boolean }): Promise<SiteView>
  /** Closes it, and every connection to it. `not_found` where it isn't open. */
  unexpose(actor: Account, name: string, port: number): Promise<SiteView>
  /** Gives its database another password, and restarts it where it runs. */
  rotateDatabase(actor: Account, name: string): Promise<SiteView>
  /** Checks the archive entry by entry (`bad_archive`, `too_large`), then makes it the site's document root in one step. */
  deploy(actor: Account, name: string, type: ArchiveType, body: Readable): Promise<{ release: string }>
  rollback(actor: Account, name: string, release: string): Promise<{ release: string }>
  /** Files below the site's home, in every state of the site; paths and errors as in provisioner/api.ts. */
  listFiles(name: string, path: string): Promise<Listing>
  readFile(name: string, path: string): Promise<FileContent>
  /** `expected`: the version it must have, `-` for none, '' for any; else `conflict` and nothing is written. */
  writeFile(actor: Account, name: string, file: { path: string; expected: string }, body: Readable): Promise<{ version: string }>
  changeFiles(actor: Account, name: string, change: FileChange): Promise<void>
  exec(actor: Account, name: string, request: ExecRequest): Promise<Duplex>
  /** Leads `NAME--tools.ZONE` to the panel's door for tools, until closed. */
  openTools(actor: Account, name: string): Promise<void>
  closeTools(name: string): Promise<void>
  /** Where a site's tools answer, awake and kept so until `leave` is called; `key` is what they want to be shown. */
  tools(actor: Account, name: string): Promise<{ address: string; port: number; key: string; leave(): void }>
  /** Prometheus' text format; `sites`: with a series for each site. */
  metrics(options: { sites: boolean }): Promise<string>
  /** What the pod wrote (`pod`), the same without its lines about visits (`error`), or who asked for what (`access`, combined format). */
  logs(name: string, options: { follow: boolean; source?: LogSource }): Promise<Readable>
  /** A tar.gz of its files as they are at one moment, and its settings. */
  backup(name: string): Promise<Readable>
  /** Files, database and settings of a backup, of this site or another, in the place of what is there; of a failure (`bad_archive`, `too_large`, `invalid`, …) nothing changes. */
  restore(actor: Account, name: string, body: Readable): Promise<void>
  /** Final backups of deleted sites, the newest first; with `owner` only that account's. */
  finalBackups(owner?: Account): Promise<FinalView[]>
  finalBackup(id: string): Promise<Readable>
  dropFinalBackup(actor: Account, id: string): Promise<void>
  /** Restores a final backup to `name` (else to its own), which is reserved for its last owner where nobody holds it; `name_taken` where another account does. */
  revive(actor: Account, id: string, name?: string): Promise<void>
  domains(name: string): DomainView[]
  /** Claims a domain (`domain_invalid`, `domain_taken`, `quota`) and looks at its DNS: it leads to the site at once where that proves it. With `www` also `www.` of it. */
  addDomain(actor: Account, name: string, domain: string, options?: { www?: boolean }): Promise<DomainView>
  checkDomain(name: string, domain: string): Promise<DomainView>
  /** `canonical`: whether visitors of the site's other hosts are sent there (`conflict` before it is proven). */
  changeDomain(actor: Account, name: string, domain: string, change: { canonical: boolean }): Promise<DomainView>
  removeDomain(actor: Account, name: string, domain: string): Promise<void>
  /** Calls `each` at every change of the site's state until `signal` aborts; with null when it is deleted. */
  watch(name: string, each: (view: SiteView | null) => void, signal: AbortSignal): void
  /** Suspends or resumes all of an account's sites (the registry has been told already). */
  accountChanged(account: Account): Promise<void>
  routes(): RouteView[]
  /** Calls `each` with the rows that changed, at most once a second, until `signal` aborts. `gone`: hosts that went. */
  watchRoutes(each: (change: { rows: RouteView[]; gone: string[] }) => void, signal: AbortSignal): void
  images(): Promise<ImageView[]>
  buildImage(name: string, options?: { ifChanged?: boolean }): Promise<Readable>
  /** One version (`php@1`) or an image whole. */
  removeImage(name: string): Promise<void>
  /** Goes back to an earlier version for all sites that aren't set to one themselves; null: the newest again. */
  pinImage(name: string, version: number | null): Promise<void>
  /** Restarts, one after the other and dropping no request, the sites set to an image whose pods are of something older. RollLines as JSON lines; closing the stream ends it after the site under way. */
  rollImage(actor: Account, name: string): Promise<Readable>
  /** When the house's own authority (null: it has none) and each certificate end. */
  certificates(): { authority: number | null; leaves: { names: string[]; trusted: boolean; own: boolean; expiresAt: number }[]; acme: AcmeHouse | null }
  /** What is ordered of the ACME server; `unavailable` where there is none. */
  acme(): AcmeHouse
  /** `renew`: another certificate now; `revoke`: another, and the one there was is revoked because its key was stolen; `rollover`: another key for the account. `name`: the zone where it is left out. */
  acmeStep(actor: Account, step: AcmeStep, name?: string): Promise<AcmeHouse>
  /** The authority's certificate without its key; `unavailable` where there is none. `domains`: the one that signs custom domains. The password of `p12` is `auberge`. */
  authority(form: 'pem' | 'p12', scope?: 'zone' | 'domains'): string | Buffer
  /** How the zone is signed and the DS that its parent is to have. */
  signing(): SigningView
  /** A step of a change of keys, on disk and with DNS when it resolves; `conflict` where the keys are at another one. */
  signingStep(actor: Account, step: SigningStep): Promise<SigningView>
  /** How the house is: what an administrator looks at. */
  condition(): Promise<Condition>
  /** Whether relays, DNS and the provisioner are connected, and what else an administrator must hear; what `/healthz` and `doctor` say. */
  health(): { ready: boolean; parts: Record<string, boolean>; warnings: string[] }
}
