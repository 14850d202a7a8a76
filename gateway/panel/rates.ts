// How often something may be tried: fixed windows in one bounded map, written down within a second, so that a restart forgives nobody. Called by sign-in,
// signup, name checks and reports.
import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Tries } from '../../registry/registry.ts'
import { AubergeError } from '../../wire/error.ts'

/** At most `most` tries in `window` milliseconds. */
export type Rate = { most: number; window: number }

const MINUTE = 60_000

export const RATES = {
  /** Accounts made, and tries at it, from one address. */
  signup: { most: 20, window: 60 * MINUTE },
  signupTry: { most: 100, window: 60 * MINUTE },
  /** Failed sign-ins of one account from one address, of one address, and of one account from anywhere. */
  failure: { most: 10, window: 5 * MINUTE },
  failureAddress: { most: 50, window: 5 * MINUTE },
  failureAccount: { most: 200, window: 5 * MINUTE },
  domains: { most: 60, window: 10 * MINUTE },
  /** Changes of the DNS records that one account keeps: each is told to the name server and to every secondary. */
  records: { most: 120, window: 10 * MINUTE },
  /** Updates of dynamic names by one account, and from one address with what is no token. */
  dyndns: { most: 60, window: 10 * MINUTE },
  dyndnsFailure: { most: 30, window: 10 * MINUTE },
  names: { most: 120, window: MINUTE },
  /** Reports from one address, and of one host by everybody. */
  reports: { most: 5, window: 60 * MINUTE },
  reportsOfHost: { most: 30, window: 60 * MINUTE },
  /** The first administrator's link, and deleting an account: a password or a secret is tried. */
  secrets: { most: 20, window: 60 * MINUTE },
} satisfies Record<string, Rate>

/** Keys remembered at once; beyond that the oldest is forgotten, so that a flood of addresses can't fill the memory. */
const MOST_KEYS = 50_000

/** 429: `retryAfter` in seconds. */
export class RateLimited extends AubergeError {
  readonly retryAfter: number
  constructor(retryAfter: number) {
    super('rate_limited', `Too many tries. Try again in ${retryAfter} s.`)
    this.retryAfter = retryAfter
  }
}

type Window = { count: number; until: number }

/** Milliseconds in which counts are gathered before they are written down: a flood costs one write a second. */
const DELAY = 1_000

/** Counts tries by key. */
export class Rates {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number
  readonly #tries: Tries | null
  readonly #unsaved = new Set<string>()
  #timer: NodeJS.Timeout | null = null

  /** With `tries`, counts go on from what was written down. */
  constructor(now: () => number = Date.now, tries: Tries | null = null) {
    this.#now = now
    this.#tries = tries
    for (const { key, count, until } of tries?.load() ?? []) this.#windows.set(key, { count, until })
  }

  /** Writes down what isn't yet. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const keys = [...this.#unsaved]
    this.#unsaved.clear()
    if (keys.length === 0) return
    const changed = keys.flatMap(key => { const window = this.#windows.get(key); return window ? [{ key, ...window }] : [] })
    this.#tries?.save(changed, keys.filter(key => !this.#windows.has(key)))
  }

  /** Throws RateLimited where `key` has used up its tries; counts nothing. */
  check(key: string, rate: Rate): void {
    if (this.has(key, rate)) return
    throw new RateLimited(Math.max(1, Math.ceil(((this.#windows.get(key)?.until ?? 0) - this.#now()) / 1000)))
  }

  /** Whether `key` has tries left; counts nothing. */
  has(key: string, rate: Rate): boolean {
    const window = this.#windows.get(key)
    return window === undefined || window.until <= this.#now() || window.count < rate.most
  }

  /** Counts one try. */
  count(key: string, rate: Rate): void {
    const window = this.#windows.get(key)
    this.#touch(key)
    if (window !== undefined && window.until > this.#now()) {
      window.count++
      return
    }
    this.#windows.delete(key)
    this.#windows.set(key, { count: 1, until: this.#now() + rate.window })
    if (this.#windows.size > MOST_KEYS) this.#forgetOldest()
  }

  /** Checks, then counts. */
  take(key: string, rate: Rate): void {
    this.check(key, rate)
    this.count(key, rate)
  }

  /** Takes a try back: it turned out to be a good one. */
  forgive(key: string): void {
    const window = this.#windows.get(key)
    if (window === undefined || window.count === 0) return
    window.count--
    this.#touch(key)
  }

  #forgetOldest(): void {
    const oldest = this.#windows.keys().next().value
    if (oldest === undefined) return
    this.#windows.delete(oldest)
    this.#touch(oldest)
  }

  #touch(key: string): void {
    if (this.#tries === null) return
    this.#unsaved.add(key)
    this.#timer ??= setTimeout(() => this.flush(), DELAY)
  }
}

/** What counts as one visitor: an IPv4 address, or an IPv6 /64, which is what one household has. */
export function visitor(address: string | undefined): string {
  if (address === undefined || !isIPv6(address)) return address ?? 'unknown'
  const parsed = ipaddr.IPv6.parse(address)
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString()
  return `${parsed.parts.slice(0, 4).map(part => part.toString(16)).join(':')}::/64`
}
