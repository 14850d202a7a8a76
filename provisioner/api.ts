// The provisioner's verbs, as the gateway's control calls them (client.ts) and the server answers them (server.ts).
// HTTP over the unix socket `run/pods/provisioner.sock`; streams are HTTP bodies. Errors are AubergeErrors in both directions.
import type { Readable, Duplex } from 'node:stream'
import type { Space } from '../wire/space.ts'
import type { OpenPort } from '../registry/ports.ts'
import type { Egress, Limits } from '../registry/types.ts'

/**
 * What a site needs of its pod. `image` is an image's name (`php`), whose newest version is taken when the pod is next made ready, or one version (`php@2`).
 * `php`: settings of PHP; `start`: the command of an application, null for the image's own. Each image takes what concerns it.
 * `egress`: what its pod may reach of its own accord.
 */
export type SiteSpec = {
  image: string
  limits: Limits
  env: Record<string, string>
  php: Record<string, string>
  start: string | null
  egress: Egress
  /** The password of its database's user; null: it has none. */
  database: { password: string } | null
  /** Ports of its own IPv6 address that lead to its pod, and what that address is made of (registry/prefix.ts); null: none. */
  exposed: { interface: string; ports: OpenPort[] } | null
}

/** How a site reaches its database: also in its environment, as DB_HOST and so on. */
export type DatabaseAccess = { host: string; port: number; name: string; user: string; password: string }

/** running → frozen → prepared → cold as in the design; `failed`: its process ended by itself or never answered. */
export type Tier = 'running' | 'frozen' | 'prepared' | 'cold' | 'failed'

/** A pod as the provisioner knows it. Addresses are stable for the site's life. */
export type Pod = {
  name: string
  tier: Tier
  /** The version it is made of (`php@2`); of a pod that isn't made, what the specification says. */
  image: string
  /** Whether it would be made otherwise now: of another version, specification or, where an application only reads it when it starts, release. */
  outdated: boolean
  ipv4: string
  ipv6: string
  port: number
  /** Its database, where it has one. */
  database: DatabaseAccess | null
  spec: SiteSpec
  release: string | null
  releases: string[]
  /** With tier `failed`: what happened, for the owner. */
  failure?: string
}

/** Milliseconds each phase of a wake took: getting the pod ready to start, starting (or thawing) it, waiting for its first answer. */
export type WakePhases = { prepare: number; start: number; probe: number }

/** `from`: what it was when the wake began. */
export type Woken = { pod: Pod; from: Tier; phases: WakePhases }

export type PodEvent = { type: 'exit'; name: string; failure: string; at: number }

/** A deleted site's final backup. `id`: the name and the moment; times in epoch milliseconds. */
export type Backup = { id: string; name: string; bytes: number; madeAt: number; keptUntil: number }

/**
 * Bytes of anonymous, shared and kernel memory, not page cache: what each site awake or frozen holds, by name, `working` what those that sleep do in which something is done to
 * their files or a command runs, and what the database server does.
 */
export type Held = { sites: Record<string, number>; working: Record<string, number>; database: number }

/** Bytes, and how many files. */
export type Usage = { memory: number; disk: number; files: number; database: number | null }

/** `release` is the document root from now on. `restart`: an application that reads it only when it starts was started before. */
export type Released = { release: string; releases: string[]; restart: boolean }

/**
 * `usedBy`: sites of this house whose pod is made of it. `newest`: of its name. `pinned`: this house's sites have it in the newest's place.
 * `forSites`: whether a site can be set to it; the house has one for itself. `takes`: what a site can set for it besides its environment.
 */
export type ImageView = { name: string; version: number; bytes: number; builtAt: number; usedBy: number; newest: boolean; pinned: boolean; forSites: boolean; takes: Takes | null }

/** `php`: settings of PHP; `start`: the command that starts an application. */
export type Takes = 'php' | 'start'

/** An entry of a directory. `type`: of what it leads to, where it is a link; `other`: neither, or a name that can't be spoken of. `size` in bytes; times in epoch milliseconds. */
export type FileEntry = { name: string; type: 'file' | 'directory' | 'other'; link: boolean; size: number; modifiedAt: number }
export type Listing = { entries: FileEntry[]; truncated: boolean }
/** Paths are relative to the site's home, /var/www, without `.` and `..`. */
export type FileChange = { do: 'mkdir' | 'remove'; path: string } | { do: 'move'; from: string; to: string }
/** `version` changes whenever the content does. */
export type FileContent = { size: number; version: string; content: Readable }

export type ExecRequest = { command: string[]; tty: boolean; columns?: number; rows?: number }

/** Everything control may ask. Each verb is idempotent; a name that isn't `[a-z0-9-]`, or an argument out of bounds, is `invalid`. */
export interface Provisioner {
  /** Makes the pod and its volume, ready to start (tier prepared); of an existing site, updates the spec. */
  create(name: string, spec: SiteSpec): Promise<Pod>
  /** A changed image, environment, setting or limit takes effect at the next wake; limits of cgroup and disk and what it may reach at once. */
  update(name: string, spec: SiteSpec): Promise<Pod>
  /** Thaws or starts the pod and resolves when its port answers. `wake_failed` with the log's tail if it doesn't. */
  wake(name: string): Promise<Woken>
  /** Freezes, or stops and prepares anew. */
  sleep(name: string, tier: 'frozen' | 'asleep'): Promise<Pod>
  /** Stops and removes everything of the site but a final backup, which begins with `description` (`purge`: not even that). */
  destroy(name: string, how: { description: string } | { purge: true }): Promise<{ backup: Backup | null }>
  /** Unpacks a plain tar of regular files and directories as a new release and switches the document root to it in one step. */
  deploy(name: string, tar: Readable): Promise<Released>
  rollback(name: string, release: string): Promise<Released>
  /** What is in a directory of the site; `path` '' is its home. */
  listFiles(name: string, path: string): Promise<Listing>
  readFile(name: string, path: string): Promise<FileContent>
  /** Puts `body` in the place of a file, or makes it. `expected`: the version it must have, `-` for none, '' for any; else `conflict`, and nothing is written. */
  writeFile(name: string, path: string, expected: string, body: Readable): Promise<{ version: string }>
  changeFiles(name: string, change: FileChange): Promise<void>
  /** Runs a command as the site's root, in the running pod or else in a workshop. The stream's frames: see exec.ts. */
  exec(name: string, request: ExecRequest): Promise<Duplex>
  /** The pod's standard output and errors, oldest first, text; with `follow` it stays open. */
  logs(name: string, options: { follow: boolean }): Promise<Readable>
  /** A tar.gz: `description` as its entry `auberge.json`, then everything under /var/www as it is at one moment, below `files`. */
  backup(name: string, description: string): Promise<Readable>
  /** The first half of a restore: what is below `files` in a plain tar, in a volume of `disk` bytes beside the site's own, which goes on. */
  stage(name: string, tar: Readable, disk: number): Promise<{ id: string }>
  /** The second: that volume takes the place of the site's own, whose pod ends; the site is to be `spec` from now on. */
  adopt(name: string, id: string, spec: SiteSpec): Promise<Pod>
  /** Instead of the second. */
  unstage(name: string, id: string): Promise<void>
  /** Final backups, the newest first. */
  finalBackups(): Promise<Backup[]>
  finalBackup(id: string): Promise<Readable>
  dropFinalBackup(id: string): Promise<void>
  /** `database`: null where it has none, or it can't be measured now. */
  usage(name: string): Promise<Usage>
  memory(): Promise<Held>
  /** What volumes promise and take of the disk, and what is free. */
  space(): Promise<Space>
  list(): Promise<Pod[]>
  /** Calls `each` for what happens by itself, until `signal` aborts; reconnects by itself. */
  watch(each: (event: PodEvent) => void, signal: AbortSignal): void
  images(): Promise<ImageView[]>
  /** Builds a new version of an image; the stream is its progress as text lines, the last `100% NAME@VERSION` or `failed: WHY`. `ifChanged`: keeps the newest where the new one has nothing else in it. */
  buildImage(name: string, options?: { ifChanged?: boolean }): Promise<Readable>
  /** Removes one version (`php@1`), or every one of an image (`node`). `conflict` where a site of any house has it or is set to it. */
  removeImage(name: string): Promise<void>
  /** Has this house's sites use `version` of an image in the newest's place; null: the newest again. */
  pinImage(name: string, version: number | null): Promise<void>
}
