// How busy each host is, put together from what every relay counts. Fed by push.ts, read by sleeps.ts and the admin's table.
import type { SiteCount } from '../messages.ts'

/** `perSecond`: requests a second, of late; it fades with FADING. */
export type Busy = { requests: number; inFlight: number; lastRequestAt: number | null; perSecond: number }

/** Milliseconds in which a rate fades to a third when nobody comes any more. The admin's page does the same. */
const FADING = 10_000

type Line = { requests: number; lastRequestAt: number | null; inFlight: Map<object, number>; rate: number; ratedAt: number }

export class Activity {
  readonly #lines = new Map<string, Line>()
  readonly #followers = new Set<(host: string) => void>()

  /** Adds what one relay counted. `known` keeps hosts that nobody has out of memory. */
  add(relay: object, counts: SiteCount[], known: (host: string) => boolean): void {
    for (const count of counts) {
      if (known(count.host)) this.#addOne(relay, count)
    }
  }

  /** A relay is gone, and its requests with it. */
  drop(relay: object): void {
    for (const [host, line] of this.#lines) {
      if (line.inFlight.delete(relay)) this.#tell(host)
    }
  }

  forget(host: string): void {
    this.#lines.delete(host)
  }

  of(host: string): Busy {
    const line = this.#lines.get(host)
    if (!line) return { requests: 0, inFlight: 0, lastRequestAt: null, perSecond: 0 }
    const inFlight = [...line.inFlight.values()].reduce((sum, one) => sum + one, 0)
    return { requests: line.requests, inFlight, lastRequestAt: line.lastRequestAt, perSecond: Math.round(faded(line) * 10) / 10 }
  }

  /** The same of several hosts together: all that lead to a site. */
  ofAll(hosts: string[]): Busy {
    const [only = '', ...more] = hosts
    return more.map(host => this.of(host)).reduce(together, this.of(only))
  }

  follow(each: (host: string) => void): () => void {
    this.#followers.add(each)
    return () => { this.#followers.delete(each) }
  }

  #addOne(relay: object, { host, requests, inFlight, lastRequestAt }: SiteCount): void {
    const line = this.#lines.get(host) ?? { requests: 0, lastRequestAt: null, inFlight: new Map<object, number>(), rate: 0, ratedAt: 0 }
    line.rate = faded(line) + requests / (FADING / 1000)
    line.ratedAt = Date.now()
    line.requests += requests
    line.lastRequestAt = Math.max(line.lastRequestAt ?? 0, Math.min(lastRequestAt, Date.now())) || null
    if (inFlight > 0) line.inFlight.set(relay, inFlight)
    else line.inFlight.delete(relay)
    this.#lines.set(host, line)
    this.#tell(host)
  }

  #tell(host: string): void {
    for (const follower of this.#followers) follower(host)
  }
}

function together(a: Busy, b: Busy): Busy {
  const lastRequestAt = Math.max(a.lastRequestAt ?? 0, b.lastRequestAt ?? 0) || null
  return { requests: a.requests + b.requests, inFlight: a.inFlight + b.inFlight, lastRequestAt, perSecond: a.perSecond + b.perSecond }
}

function faded({ rate, ratedAt }: Line): number {
  return rate * Math.exp((ratedAt - Date.now()) / FADING)
}
