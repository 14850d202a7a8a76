// What DNS says of a name and below it: the addresses of the site or of where it points, and the records its owner keeps; and what the
// administrator keeps in the zone itself. Called by front.ts, and by whatever changes one of the two.
import type { Account, NameRecords, RecordSet, Reservation, SiteRecord } from '../../registry/types.ts'
import { parseAddresses, type Reach } from '../../registry/parse.ts'
import { parseRecords, siteScope, sorted, zoneScope, type RecordScope } from '../../registry/records.ts'
import { AubergeError } from '../../wire/error.ts'
import type { House } from '../../wire/house.ts'
import type { Desk } from '../desk.ts'
import { ownIpv6, siteRecords } from './addresses.ts'
import { reserved, type Parts } from './parts.ts'

/** Where the zone's own records are kept. */
const ZONE_RECORDS = 'zone.records'

type RecordParts = Pick<Parts, 'house' | 'registry' | 'zone' | 'turns'>
type RecordVerbs = Pick<Desk, 'records' | 'keepRecords' | 'point' | 'setWww' | 'zoneRecords' | 'keepZoneRecords'>
type Note = (actor: Account, action: string, subject: string, detail?: string) => void

/** What a backup has of it. */
export function keptOf(reservation: Kept | null): Kept {
  return { records: reservation?.records ?? [], www: reservation?.www ?? false }
}

type Kept = Pick<Reservation, 'records' | 'www'>

/** Whether `www.` of a name is what the name is: what its owner keeps there comes first. */
export function hasWww({ records, www }: Kept): boolean {
  return www && !records.some(({ name }) => name === 'www')
}

/** How far addresses may reach that people write into DNS. */
export function reachOf({ zone }: Pick<House, 'zone'>): Reach {
  return zone === 'localhost' ? 'any' : 'public'
}

/** Whose records are an owner's, in this house. */
export function scopeOf({ house }: Pick<Parts, 'house'>, name: string): RecordScope {
  return siteScope(name, house.zone, reachOf(house))
}

/** Each name with records: `name` itself with the addresses `base`, its `www.` where that is wanted, and what is kept there and below. */
export function namesOf(name: string, base: NameRecords, { records, www }: Kept): Record<string, NameRecords> {
  const names = new Map([[name, base], ...(hasWww({ records, www }) ? [[`www.${name}`, base] as const] : [])])
  for (const [at, own] of Map.groupBy(records, record => record.name)) {
    const whole = at === '@' ? name : name === '' ? at : `${at}.${name}`
    names.set(whole, { ...(at === '@' ? base : { a: [], aaaa: [] }), sets: setsOf(own) })
  }
  return Object.fromEntries(names)
}

function setsOf(records: readonly SiteRecord[]): RecordSet[] {
  return [...Map.groupBy(records, ({ type }) => type)].map(([type, own]) => ({ type, ttl: own[0]?.ttl ?? 0, data: own.map(({ data }) => data) }))
}

/** What DNS shall say of a reservation. */
export function namesFor({ house, registry, zone }: Pick<Parts, 'house' | 'registry' | 'zone'>, reservation: Reservation): Record<string, NameRecords> {
  const { name, kind, addresses } = reservation
  const site = kind === 'site' ? registry.sites.get(name) : null
  return namesOf(name, kind === 'site' ? siteRecords(zone.own, site && ownIpv6(house, site)) : addresses, reservation)
}

/** What DNS shall say of the zone itself. */
export function houseNames(registry: Pick<Parts['registry'], 'settings'>, own: NameRecords): Record<string, NameRecords> {
  return namesOf('', own, { records: keptIn(registry), www: false })
}

function keptIn({ settings }: Pick<Parts['registry'], 'settings'>): SiteRecord[] {
  return JSON.parse(settings.get(ZONE_RECORDS) ?? '[]') as SiteRecord[]
}

/** `lead` makes a site's hosts what the registry says. */
export function recordVerbs(parts: RecordParts, note: Note, lead: (name: string) => Promise<void>): RecordVerbs {
  const { registry, zone, turns, house } = parts
  return {
    records: name => sorted(reserved(parts, name).records),
    async keepRecords(actor, name, input) {
      const records = sorted(parseRecords(input, scopeOf(parts, name)))
      await turns.run(name, () => change(parts, name, () => registry.reservations.keep(name, records)))
      await lead(name)
      note(actor, 'site.records', name, `${records.length} records`)
      return records
    },
    async setWww(actor, name, www) {
      await turns.run(name, () => change(parts, name, () => registry.reservations.setWww(name, www)))
      await lead(name)
      note(actor, 'site.www', name, www ? 'on' : 'off')
    },
    async point(actor, name, input) {
      const addresses = parseAddresses(input, reachOf(house))
      await turns.run(name, () => change(parts, name, () => registry.reservations.point(name, addresses)))
      note(actor, 'name.point', name, [...addresses.a, ...addresses.aaaa].join(' '))
    },
    zoneRecords: () => keptIn(registry),
    async keepZoneRecords(actor, input) {
      const records = sorted(parseRecords(input, zoneScope(house.zone, reachOf(house))))
      registry.settings.set(ZONE_RECORDS, JSON.stringify(records))
      note(actor, 'zone.records', house.zone, `${records.length} records`)
      await zone.put('', houseNames(registry, zone.own))
      return records
    },
  }
}

/** Changes a reservation that is held, and DNS with it. Runs in its turn. */
export async function change(parts: Pick<Parts, 'house' | 'registry' | 'zone'>, name: string, act: () => void): Promise<void> {
  if (reserved(parts, name).phase !== 'held') throw new AubergeError('conflict', `${name} is being made: change it when it is there`)
  act()
  await parts.zone.put(name, namesFor(parts, reserved(parts, name)))
}
