// When a certificate is renewed, and when a try that failed is made again. Pure; called by schedule.ts.
import type { X509Certificate } from 'node:crypto'
import type { Refusal } from './refusal.ts'
import type { Window } from './ari.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A third of the life is left to find out why renewing fails: 30 days of 90, 15 of 45, 2 of 6. */
const SHARE = 2 / 3
/** Houses that were started together don't renew together: up to so much of the life earlier. */
const SPREAD = 1 / 30
/** What the server refuses is worth asking again later than a server that is away. Milliseconds. */
const REFUSED = { first: 5 * MINUTE, most: 12 * HOUR }
const AWAY = { first: MINUTE, most: HOUR }
/** However long a server says to wait. */
const LONGEST_WAIT = 7 * DAY

/** Epoch milliseconds; `chance` from 0 to 1. */
export function renewalOf(leaf: Pick<X509Certificate, 'validFromDate' | 'validToDate'>, chance: number): number {
  const from = leaf.validFromDate.getTime()
  const life = leaf.validToDate.getTime() - from
  return Math.round(from + life * (SHARE - SPREAD * chance))
}

/** A moment of the window that the server suggests, by chance (RFC 9773 section 4.2). */
export function momentOf({ start, end }: Window, chance: number): number {
  return Math.round(start + (end - start) * chance)
}

/** After so many failures in a row, `now` included; not before the server allows it. Doubling, and a quarter more or less by chance. */
export function retryOf({ type, retryAt }: Pick<Refusal, 'type' | 'retryAt'>, failures: number, now: number, chance: number): number {
  const { first, most } = type === 'unreachable' || type === 'slow' ? AWAY : REFUSED
  const pause = Math.min(most, first * 2 ** (failures - 1)) * (0.75 + chance / 2)
  return Math.round(Math.max(now + pause, Math.min(retryAt ?? 0, now + LONGEST_WAIT)))
}
