// The steps of a change of keys, each a pure function of the keyring and the clock. Called by signing.ts, which keeps the keyring on disk.
import { AubergeError } from '../../../wire/error.ts'
import type { Key, Keyring } from '../../../registry/keyring.ts'

const HOUR = 3_600_000
/**
 * Milliseconds until nobody remembers a set of keys without the new one: the set's TTL, an hour (dns/dnssec/keyset.ts), once a secondary
 * has fetched it, which it tries each hour; an hour to spare.
 */
export const PUBLISHING = 3 * HOUR
/** Milliseconds until nobody remembers the parent's old DS or an old key's signature: two days, the most that parents' and our own TTLs are. */
export const RETIRING = 50 * HOUR

export function beginRing(zone: string, current: Key): Keyring {
  return { version: 1, zone, parent: 'unset', current, stage: { is: 'steady' } }
}

/** Begins a change to `next`; `conflict` while another step is under way. */
export function roll(ring: Keyring, next: Key, now: number): Keyring {
  needSteady(ring, 'a new key')
  return { ...ring, stage: { is: 'publishing', next, until: now + PUBLISHING } }
}

/** Begins to leave signing; `conflict` while another step is under way. */
export function withdraw(ring: Keyring): Keyring {
  needSteady(ring, 'an end of signing')
  return { ...ring, stage: { is: 'withdrawing' } }
}

/** The parent has done what it was to do: has the DS that `auberge dns ds` shows, or none any more. */
export function confirm(ring: Keyring, now: number): Keyring {
  const { stage } = ring
  switch (stage.is) {
    case 'steady': return { ...ring, parent: 'set' }
    case 'submitting': return { ...ring, parent: 'set', stage: { is: 'retiring', next: stage.next, until: now + RETIRING } }
    case 'withdrawing': return { ...ring, stage: { is: 'unsigning', until: now + RETIRING } }
    case 'publishing': throw new AubergeError('conflict', `resolvers must first learn of the new key, until ${time(stage.until)}; leave the DS at the parent as it is until auberge dns ds shows the new one`)
    default: throw new AubergeError('conflict', `nothing is to be confirmed (${describe(ring)})`)
  }
}

/** Calls off what the parent needn't know of yet; `conflict` where it may have acted already. */
export function cancel(ring: Keyring): Keyring {
  if (ring.stage.is === 'publishing' || ring.stage.is === 'withdrawing') return { ...ring, stage: { is: 'steady' } }
  throw new AubergeError('conflict', `there is nothing that can be called off (${describe(ring)})`)
}

/** What time alone brings about; the same object where that is nothing. */
export function advance(ring: Keyring, now: number): Keyring {
  const { stage } = ring
  if (!('until' in stage) || now < stage.until) return ring
  switch (stage.is) {
    case 'publishing': return { ...ring, stage: { is: 'submitting', next: stage.next } }
    case 'retiring': return { ...ring, current: stage.next, stage: { is: 'steady' } }
    case 'unsigning': return { ...ring, parent: 'unset', stage: { is: 'withdrawn' } }
  }
}

/** Where the keyring stands and what to do, in a sentence. */
export function describe({ parent, stage }: Keyring): string {
  switch (stage.is) {
    case 'steady': return parent === 'set' ? 'signed, and the parent knows the key' : 'signed; put the DS into the parent zone, then run auberge dns confirm'
    case 'publishing': return `resolvers learn of the new key until ${time(stage.until)}; leave the DS at the parent as it is`
    case 'submitting': return "put the new DS into the parent zone in the old one's place, then run auberge dns confirm"
    case 'retiring': return `the new key signs; the old one stays until ${time(stage.until)}`
    case 'withdrawing': return 'remove the DS from the parent zone, then run auberge dns confirm'
    case 'unsigning': return `resolvers forget the DS until ${time(stage.until)}; the zone stays signed so long`
    case 'withdrawn': return 'not signed any more; leave --dnssec out'
  }
}

function needSteady(ring: Keyring, what: string): void {
  if (ring.stage.is !== 'steady') throw new AubergeError('conflict', `${what} must wait: ${describe(ring)}`)
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
