// The front desk: what the panel asks of control. The panel's handlers know accounts and HTTP; the desk knows sites, names, pods and routes.
import type { Duplex, Readable } from 'node:stream'
import type { Account, Limits, Site, SiteState, WakeCause } from '../registry/types.ts'
import type { ExecRequest, ImageView, WakePhases } from '../provisioner/api.ts'

/** A reservation as its owner sees it; also the API's shape. An external name has state `running`, no image and its own addresses. */
export type SiteView = {
  name: string
  kind: 'site' | 'external'
  url: string
  state: SiteState
  owner: string
  image: string | null
  ipv4: string[]
  ipv6: string[]
  limits: Limits | null
  env: Record<string, string>
  /** Whether robots and scanners wake it, as anybody else does. */
  wakeForRobots: boolean
  usage: { memory: number; disk: number; files: number } | null
  release: string | null
  releases: string[]
  createdAt: number
  lastWake: LastWake | null
  /** With state `failed`: what happened. */
  failure: string | null
}

export type LastWake = { at: number; cause: WakeCause; ms: number; phases: WakePhases }

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
  lastRequestAt: number | null
  lastWake: { at: number; cause: string; ms: number } | null
}

export type ArchiveType = 'zip' | 'tar.gz'

/** Every verb throws AubergeErrors; `actor` is who is recorded in the audit log. Whether the actor may is the panel's to check. */
export interface Desk {
  /** Reserves, and resolves once the name resolves, routes and (for a site) its pod is ready to start. Undone whole if any step fails. */
  createSite(actor: Account, request: { name: string; owner: Account; image?: string; addresses?: { a: string[]; aaaa: string[] } }): Promise<SiteView>
  /** `not_found` where there is no such reservation. With `usage` it asks the provisioner what the site uses. */
  view(name: string, options?: { usage?: boolean }): Promise<SiteView>
  list(owner?: Account): SiteView[]
  updateSite(actor: Account, name: string, change: Partial<Pick<Site, 'image' | 'env' | 'wakeForRobots'>> & { limits?: Partial<Limits> }): Promise<SiteView>
  deleteSite(actor: Account, name: string, options?: { purge?: boolean }): Promise<void>
  wake(actor: Account, name: string): Promise<SiteView>
  sleep(actor: Account, name: string, tier?: 'frozen' | 'asleep'): Promise<SiteView>
  restart(actor: Account, name: string): Promise<SiteView>
  /** Checks the archive entry by entry (`bad_archive`, `too_large`), then makes it the site's document root in one step. */
  deploy(actor: Account, name: string, type: ArchiveType, body: Readable): Promise<{ release: string }>
  rollback(actor: Account, name: string, release: string): Promise<{ release: string }>
  exec(actor: Account, name: string, request: ExecRequest): Promise<Duplex>
  /** What the pod wrote (`pod`), or who asked for what (`access`, combined format). */
  /** Prometheus' text format; `sites`: with a series for each site. */
  metrics(options: { sites: boolean }): Promise<string>
  logs(name: string, options: { follow: boolean; source?: 'pod' | 'access' }): Promise<Readable>
  backup(name: string): Promise<Readable>
  restore(actor: Account, name: string, body: Readable): Promise<void>
  /** Calls `each` at every change of the site's state until `signal` aborts. */
  watch(name: string, each: (view: SiteView) => void, signal: AbortSignal): void
  /** Suspends or resumes all of an account's sites (the registry has been told already). */
  accountChanged(account: Account): Promise<void>
  routes(): RouteView[]
  /** Calls `each` with the rows that changed, at most once a second, until `signal` aborts. `gone`: hosts that went. */
  watchRoutes(each: (change: { rows: RouteView[]; gone: string[] }) => void, signal: AbortSignal): void
  images(): Promise<ImageView[]>
  buildImage(name: string): Promise<Readable>
  removeImage(name: string): Promise<void>
  /** When the house's own authority (null: it has none) and each certificate end. */
  certificates(): { authority: number | null; leaves: { names: string[]; trusted: boolean; expiresAt: number }[] }
  /** The authority's certificate without its key; `unavailable` where there is none. The password of `p12` is `auberge`. */
  authority(form: 'pem' | 'p12'): string | Buffer
  /** Whether relays, DNS and the provisioner are connected; what `/healthz` and `doctor` say. */
  health(): { ready: boolean; parts: Record<string, boolean> }
}
