// What control's verbs work with. Put together in assemble.ts. Types and two checks that every verb begins with.
import type { Readable } from 'node:stream'
import type { Pod, Provisioner, SiteSpec } from '../../provisioner/api.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Reservation, Site } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { House } from '../../wire/house.ts'
import type { Logger } from '../../wire/log.ts'
import type { ArchiveType } from '../desk.ts'
import type { Schedule } from '../certificates/acme/schedule.ts'
import type { Certificates } from '../certificates/certificates.ts'
import type { Signing } from './dnssec/signing.ts'
import type { AccessLogs } from './access.ts'
import type { Activity } from './activity.ts'
import type { Diary } from './diary.ts'
import type { Guests } from './guests.ts'
import type { History } from './history.ts'
import type { Memory } from './memory.ts'
import type { RoutingTable } from './routes.ts'
import type { Metrics } from './metrics.ts'
import type { Relays } from './push.ts'
import type { SiteStatus, States } from './states.ts'
import type { Turns } from './turns.ts'
import type { Zone } from './zone.ts'

export type Parts = {
  house: House
  registry: Registry
  /** Null with runtime `none`: a gateway without pods. */
  provisioner: Provisioner | null
  log: Logger
  table: RoutingTable
  states: States
  activity: Activity
  guests: Guests
  memory: Memory
  diary: Diary
  history: History
  relays: Relays
  /** Null where the house serves no HTTPS. */
  certificates: Certificates | null
  /** Null where no certificates come from an ACME server. */
  acme: Schedule | null
  access: AccessLogs
  metrics: Metrics
  zone: Zone
  signing: Signing
  turns: Turns
  archive: Archive
}

/** What gateway/archive offers for an upload: an archive, checked entry by entry, as a plain tar. */
export type Archive = (type: ArchiveType, body: Readable, scratch: string) => Promise<{ tar: Readable; discard(): Promise<void> }>

/** The provisioner, or `unavailable` where the house runs none. */
export function pods({ provisioner }: Pick<Parts, 'provisioner'>): Provisioner {
  if (provisioner) return provisioner
  throw new AubergeError('unavailable', 'this house runs no sites of its own (--runtime none): names that point elsewhere and static routes work')
}

/** The reservation, or `not_found`; one that is being deleted isn't there any more. */
export function reserved({ registry }: Pick<Parts, 'registry'>, name: string): Reservation {
  const reservation = registry.reservations.get(name)
  if (reservation && (reservation.phase === 'held' || reservation.phase === 'creating')) return reservation
  throw new AubergeError('not_found', `there is no site ${name}`)
}

/** A site here and what we know of it: `not_found`, or `conflict` for a name that points elsewhere. */
export function siteOf(parts: Pick<Parts, 'registry' | 'states'>, name: string): { site: Site; status: SiteStatus } {
  if (reserved(parts, name).kind === 'external') throw new AubergeError('conflict', `${name} points elsewhere: it has no site here`)
  const site = parts.registry.sites.get(name)
  const status = parts.states.get(name)
  if (!site || !status) throw new AubergeError('not_found', `there is no site ${name}`)
  return { site, status }
}

export function specOf({ image, limits, env, php, start, egress, databasePassword, interface: own, ports }: Site): SiteSpec {
  return { image, limits, env, php, start, egress, database: { password: databasePassword }, exposed: ports.length === 0 ? null : { interface: own, ports } }
}

/** The site's pod, made by the provisioner if it has none yet. */
export async function podOf(parts: Pick<Parts, 'provisioner' | 'states'>, site: Site): Promise<Pod> {
  const known = parts.states.get(site.name)?.pod
  if (known) return known
  const pod = await pods(parts).create(site.name, specOf(site))
  parts.states.change(site.name, { pod })
  return pod
}
