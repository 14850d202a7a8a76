// A name whose address somebody's router tells: what it is set to now, and what follows. Called by front.ts for the panel's dyndns2.
import { isIPv4 } from 'node:net'
import type { Account, Reservation, SiteRecord } from '../../registry/types.ts'
import type { Desk, Pointed } from '../desk.ts'
import type { Parts } from './parts.ts'
import { change } from './records.ts'

type DynamicParts = Pick<Parts, 'house' | 'registry' | 'zone' | 'turns'>
type Note = (actor: Account, action: string, subject: string, detail?: string) => void
type Addresses = { a: string[]; aaaa: string[] }

/** Points a host at addresses; those of a family that isn't given stay. The host is a name that points elsewhere, or one below a name, with addresses among its records. */
export function repoint(parts: DynamicParts, note: Note): Desk['repoint'] {
  return async (actor, host, given) => {
    const place = placeOf(host, parts.house.zone)
    const held = place && parts.registry.reservations.get(place.name)
    if (!place || held?.owner !== actor.id || held.phase !== 'held') return 'nohost'
    const outcome = await parts.turns.run(place.name, () => move(parts, place, sorted(given)))
    if (outcome === 'good') note(actor, 'name.point', host, given.join(' '))
    return outcome
  }
}

type Place = { name: string; at: string }

/** The reservation that a whole name belongs to, and where below it. */
function placeOf(host: string, zone: string): Place | null {
  if (!host.endsWith(`.${zone}`)) return null
  const labels = host.slice(0, -zone.length - 1).split('.')
  return { name: labels.at(-1) ?? '', at: labels.slice(0, -1).join('.') || '@' }
}

async function move(parts: DynamicParts, { name, at }: Place, given: Addresses): Promise<Pointed> {
  const held = parts.registry.reservations.get(name)
  if (!held) return 'nohost'
  const next = at === '@' ? moved(held, given) : movedBelow(held, at, given)
  if (next === null || next === 'nochg') return next ?? 'nohost'
  await change(parts, name, () => {
    if ('a' in next) parts.registry.reservations.point(name, next)
    else parts.registry.reservations.keep(name, next)
  })
  return 'good'
}

/** Null where the name doesn't point elsewhere. */
function moved({ kind, addresses }: Reservation, given: Addresses): Addresses | 'nochg' | null {
  if (kind !== 'external') return null
  const next = { a: given.a.length > 0 ? given.a : addresses.a, aaaa: given.aaaa.length > 0 ? given.aaaa : addresses.aaaa }
  return same(next.a, addresses.a) && same(next.aaaa, addresses.aaaa) ? 'nochg' : next
}

/** Null where nothing below the name has addresses by this one. */
function movedBelow({ records }: Reservation, at: string, given: Addresses): SiteRecord[] | 'nochg' | null {
  const own = records.filter(({ name, type }) => name === at && (type === 'A' || type === 'AAAA'))
  if (own.length === 0) return null
  const of = (type: 'A' | 'AAAA', wanted: string[]): string[] => (wanted.length > 0 ? wanted : own.filter(one => one.type === type).map(({ data }) => data))
  const next = (['A', 'AAAA'] as const).flatMap(type => of(type, type === 'A' ? given.a : given.aaaa).map(data => ({ name: at, type, ttl: own.find(one => one.type === type)?.ttl ?? own[0]!.ttl, data })))
  return same(next.map(({ data }) => data), own.map(({ data }) => data)) ? 'nochg' : [...records.filter(record => !own.includes(record)), ...next]
}

function sorted(addresses: string[]): Addresses {
  return { a: addresses.filter(isIPv4), aaaa: addresses.filter(one => !isIPv4(one)) }
}

function same(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every(one => others.includes(one))
}
