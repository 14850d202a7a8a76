// Which NSEC records prove that something isn't there, telling of no name but the one that was asked (RFC 4470, RFC 4035 section 3.1.3).
// Called by answers.ts; nothing is signed here.
import { TYPE } from '../codes.ts'
import { parentOf } from '../name.ts'
import type { Rrset } from '../sets.ts'
import type { Zone } from '../zone.ts'
import { after, before, child } from './neighbours.ts'
import { nsecData } from './nsec.ts'

/** An NSEC set. `of`: whether there are no more of its kind than the zone has names, or one for each name that is asked. */
export type Denial = { set: Rrset; of: 'zone' | 'asked' }

/** Where a name that doesn't exist leaves the tree: the last name above it that exists, and the label below that (RFC 5155 section 1.3). */
type Leaving = { encloser: string; label: string }

/** The NSEC sets for `name`, which is in the zone, to say why it has no records of the type that was asked. */
export function denials(zone: Zone, name: string): Denial[] {
  const found = zone.find(name)
  if (found === null) return []
  if (found.is === 'name' || found.is === 'empty') return [{ set: own(zone, name), of: 'zone' }]
  const left = leaving(zone, name)
  // A wildcard that has no such type (section 3.1.3.4), or that isn't there either (section 3.1.3.2).
  const wildcard = found.is === 'wildcard' ? own(zone, found.at) : between(zone, { encloser: left.encloser, label: '*' })
  return [{ set: between(zone, left), of: 'asked' }, { set: wildcard, of: 'zone' }]
}

/** The NSEC that says that a wildcard speaks for `name` since nothing nearer does (section 3.1.3.3). */
export function nothingNearer(zone: Zone, name: string): Denial {
  return { set: between(zone, leaving(zone, name)), of: 'asked' }
}

/** The NSEC of a name that exists: the types it has, and the first name there could be after it. */
export function own(zone: Zone, name: string): Rrset {
  return nsecSet(zone, name, child('\0', name).length <= 255 ? child('\0', name) : afterAll(zone, name))
}

/** The NSEC around a label that isn't there, and all that would be below it. */
function between(zone: Zone, { encloser, label }: Leaving): Rrset {
  return nsecSet(zone, before(label, encloser), after(label, encloser, zone.key))
}

function nsecSet(zone: Zone, owner: string, next: string): Rrset {
  return { owner, type: TYPE.NSEC, ttl: zone.denialTtl, rdata: [nsecData(next, [...typesAt(zone, owner), TYPE.RRSIG, TYPE.NSEC])], wildcard: null }
}

function typesAt(zone: Zone, name: string): number[] {
  return (zone.setsAt(name) ?? []).map(({ type }) => type)
}

/** What follows a name so long that nothing can be below it. */
function afterAll(zone: Zone, name: string): string {
  const length = name.charCodeAt(0)
  return after(name.slice(1, length + 1), name.slice(length + 1), zone.key)
}

/** `name` doesn't exist and is below the apex, which does. */
function leaving(zone: Zone, name: string): Leaving {
  let below = name
  for (let up = parentOf(name); up !== null; up = parentOf(up)) {
    const found = zone.find(up)
    if (found === null || found.is === 'name' || found.is === 'empty') return { encloser: up, label: below.slice(1, below.charCodeAt(0) + 1) }
    below = up
  }
  return { encloser: zone.key, label: below.slice(1, below.charCodeAt(0) + 1) }
}
