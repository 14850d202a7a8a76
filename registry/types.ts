// The words of the house as types: what control, DNS, the provisioner and the panel say to each other.
// Types only; the functions that make them out of what comes from outside are in parse.ts.

import type { ZoneKeys } from './keyring.ts'
import type { OpenPort } from './ports.ts'

/** A site's state as users and the API see it. Prepared and cold pods are both `asleep`. */
export type SiteState =
  | 'creating' | 'running' | 'frozen' | 'asleep' | 'waking' | 'sleeping' | 'failed' | 'suspended'

export type Role = 'user' | 'admin'

/** A person who can sign in. `suspended` holds the reason shown to visitors of the account's sites, or null. */
export type Account = {
  id: number
  username: string
  role: Role
  suspended: string | null
  createdAt: number
  /** In which language they want to be spoken to; null: as their browser says. */
  language: 'en' | 'fr' | null
} & Allowance

/** What an account may have in all; null: as the house says. Disk (volumes and databases) and memory are those promised to its sites, in bytes. */
export type Allowance = { mostNames: number | null; mostDomains: number | null; mostDisk: number | null; mostMemory: number | null }

/** What a token may do: everything, look at everything, deploy one site, or say where one name (null: any of the account's) points; and nothing else. */
export type TokenScope = { may: 'all' } | { may: 'read' } | { may: 'deploy'; site: string } | { may: 'dyndns'; site: string | null }

/** What a pod may use. All in bytes, except `cpu` in cores and `pids` in processes. */
export type PodLimits = { memory: number; cpu: number; disk: number; pids: number }

/** What a site may use: its pod, and its database in bytes. */
export type Limits = PodLimits & { database: number }

export const DEFAULT_LIMITS: Limits = { memory: 256 * 2 ** 20, cpu: 1, disk: 2 ** 30, pids: 128, database: 512 * 2 ** 20 }

/** What a site's pod may reach of its own accord: the internet (never mail ports, private networks, this host), or nothing. Answering visitors is neither. */
export type Egress = 'internet' | 'none'

/** How far a reservation is: a restart undoes what was `creating` and finishes what was `deleting` (or `purging`: without a final backup). */
export type ReservationPhase = 'creating' | 'held' | 'deleting' | 'purging'

/** A subdomain of the zone held by an account: a site here, or addresses elsewhere. */
export type Reservation = {
  name: string
  owner: number
  kind: 'site' | 'external'
  phase: ReservationPhase
  /** Where an external name points; empty for a site here. */
  addresses: { a: string[]; aaaa: string[] }
  /** What its owner keeps in DNS under the name. */
  records: SiteRecord[]
  /** Whether `www.` of the name answers as the name does, where its owner keeps no record of their own there. */
  www: boolean
  createdAt: number
}

/** What is behind a reservation of kind `site`. */
export type Site = {
  name: string
  owner: number
  /** An image's name, which means its newest version, or one version of it (`php@2`). */
  image: string
  limits: Limits
  env: Record<string, string>
  /** Settings of PHP, by their names in php.ini. */
  php: Record<string, string>
  /** What starts an application; null: what the image does by itself. */
  start: string | null
  /** The password of its database's user; in use once the provisioner was told. */
  databasePassword: string
  /** Whether robots and scanners wake it, as anybody else does. */
  wakeForRobots: boolean
  egress: Egress
  /** What tells its IPv6 address from those of other sites: 12 hexadecimal digits, for good (prefix.ts). */
  interface: string
  /** Ports of that address that lead to its pod, and how many its owner may open. */
  ports: OpenPort[]
  mostPorts: number
  createdAt: number
}

/** pending: claimed, not proven yet. verified: proven, and its holder's alone. lapsed: it has led elsewhere for long, and gets no certificate any more. */
export type DomainState = 'pending' | 'verified' | 'lapsed'

/** What showed that a domain is for a site: a TXT record with its code, a CNAME to its name, or our addresses. */
export type Proof = 'txt' | 'cname' | 'address'

/**
 * What the last look at a domain's DNS found. here: it leads to this house. elsewhere: to other addresses; mixed: to ours and to others. nowhere: it has
 * none. unanswered: DNS did not answer. unproven: it leads here, but that alone is no proof. taken: another account holds it.
 */
export type Finding = 'here' | 'elsewhere' | 'mixed' | 'nowhere' | 'unanswered' | 'unproven' | 'taken'

/** A custom domain of a site, in A-labels. Times are epoch milliseconds. */
export type Domain = {
  domain: string
  site: string
  account: number
  state: DomainState
  proof: Proof | null
  /** Whether visitors who come by another host of the site are sent here. */
  canonical: boolean
  /** Whether it was seen not to lead here since it was claimed: what leads here from then on was set for the claim. */
  elsewhere: boolean
  finding: Finding | null
  claimedAt: number
  checkedAt: number | null
  /** Since when, being held, it has not led here. */
  strayedAt: number | null
}

/** Where something listens. Spoken to over HTTP/1.1, unless it is marked: `h2c` is HTTP/2 without TLS and with prior knowledge. */
export type Address = { address: string; port: number; protocol?: 'h2c' }

/** Where a request goes: an address and port, or a unix socket path (the panel). */
export type Upstream = Address | { path: string }

/** One line of the routing table: a host name and what answers for it. */
export type Route =
  | { host: string; kind: 'panel'; upstream: Upstream }
  | { host: string; kind: 'static'; upstream: Upstream }
  | {
      host: string
      kind: 'site'
      site: string
      state: SiteState
      /** Set while the site is running. */
      upstream: Upstream | null
      /** With state `suspended`: why, as visitors may read it. */
      reason?: string
      /** Epoch milliseconds before which no wake is tried: with state `failed` after that, else for want of memory. */
      retryAt?: number
      /** `wake`: robots and scanners wake it, too. */
      uninvited?: 'wake'
      /** Its own IPv6 address, where the house has a prefix. */
      ipv6?: string
      /** The host of the same site where visitors are sent instead. */
      redirect?: string
      /** Ports of it that lead to the pod. */
      ports?: OpenPort[]
    }

export type SiteRoute = Extract<Route, { kind: 'site' }>

/** Why a site was woken. */
export type WakeCause =
  | { by: 'visitor'; method: string; path: string; agent: 'browser' | 'robot' | 'tool' | 'none' }
  | { by: 'owner' | 'admin' | 'cron' }

/** Types of records that people keep. NS: at the zone's apex only. */
export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'SRV' | 'CAA'

/** A record that somebody keeps. `name` is relative to theirs, `@` for itself; `data` as recorddata.ts spells it; `ttl` in seconds. */
export type SiteRecord = { name: string; type: RecordType; ttl: number; data: string }

/** Records of one type under one name. `ttl` in seconds; `data` as recorddata.ts spells it, each once. */
export type RecordSet = { type: RecordType; ttl: number; data: string[] }

/** What one name of the zone answers with: addresses, with the zone's TTL, and what else there is. A CNAME is alone (RFC 1034 section 3.6.2). */
export type NameRecords = { a: string[]; aaaa: string[]; sets?: RecordSet[] }

/** All that DNS knows: the zone's own data and each other name that has records (`alice`, `*.alice`, `_sip._tcp.alice`), without the zone's suffix. */
export type ZoneSnapshot = {
  zone: string
  /** SOA serial, RFC 1982: only ever grows. */
  serial: number
  /** Seconds an answer may be cached; negativeTtl is the SOA minimum (RFC 2308). */
  ttl: number
  negativeTtl: number
  /** The zone's apex. Its addresses are those of its name server ns.ZONE, too; NS records are in place of that name server. */
  apex: NameRecords
  names: Record<string, NameRecords>
}

/** Control to DNS, JSON lines over the zone socket; every message is answered by `applied`. */
export type ToDns =
  /** `keys`: what the zone is signed with; null or none: it isn't. */
  | ({ type: 'zone'; keys?: ZoneKeys | null } & ZoneSnapshot)
  /** Names that change in one step; null: the name has no records any more. '' is the apex. */
  | { type: 'names'; serial: number; names: Record<string, NameRecords | null> }
export type FromDns = { type: 'applied'; serial: number }
