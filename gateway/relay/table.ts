// The routing table: host to route, and how many requests each host and site has in flight. Fed by control.ts, asked by serve.ts.
import type { Route, Upstream } from '../../registry/types.ts'
import type { SiteCount } from '../messages.ts'

/** A site, as far as its requests go. Outlives the routes that name it. */
export type Site = {
  name: string
  entries: Set<Entry>
  /** The IPv6 address that is its own. */
  address: string | null
  inFlight: number
  /**
   * open: as its route says. closing: control is putting it to sleep and was told that nothing is in flight. draining: control is restarting it; requests
   * are held, whoever sends them.
   */
  phase: 'open' | 'closing' | 'draining'
  /** The number of control's question, which is answered when what was in flight has ended. */
  question: number | null
  /** Whether control knows that a request waits: one wake (or word that the upstream is gone) until its route changes. */
  asked: 'nothing' | 'wake' | 'down'
}

/** One host's line. The same object for as long as the host exists, so that requests in flight can hold on to it. */
export type Entry = {
  host: string
  route: Route
  site: Site | null
  /** Requests since they were last reported; in flight now; when the last came, epoch milliseconds. */
  requests: number
  inFlight: number
  lastRequestAt: number
}

export class Table {
  zone = ''
  version = -1
  private entries = new Map<string, Entry>()
  private readonly sites = new Map<string, Site>()
  private readonly addresses = new Map<string, Site>()
  private readonly changed = new Set<Entry>()
  /** Called when a request of a site that is being drained is over. */
  onLeft: (site: Site) => void = () => {}

  find(host: string): Entry | undefined { return this.entries.get(host) }
  /** Whose address it is. */
  at(address: string): Site | undefined { return this.addresses.get(address) }
  get size(): number { return this.entries.size }

  /** Replaces everything. */
  replace(version: number, zone: string, routes: Route[]): void {
    const before = this.entries
    this.entries = new Map()
    for (const site of this.sites.values()) {
      site.entries.clear()
      this.settle(site, null)
    }
    for (const route of routes) this.put(route, before)
    this.zone = zone.toLowerCase()
    this.version = version
    for (const site of this.sites.values()) this.forget(site)
  }

  set(version: number, route: Route): void {
    this.put(route, this.entries)
    this.version = version
  }

  remove(version: number, host: string): void {
    const entry = this.entries.get(host.toLowerCase())
    const site = entry?.site ?? null
    if (entry !== undefined) this.move(entry, null)
    this.entries.delete(host.toLowerCase())
    this.version = version
    if (site !== null) this.forget(site)
  }

  /** Whether any host leads to the site. */
  leads(site: string): boolean { return (this.sites.get(site)?.entries.size ?? 0) > 0 }

  private put(route: Route, before: Map<string, Entry>): void {
    const host = route.host.toLowerCase()
    const entry = before.get(host) ?? { host, route, site: null, requests: 0, inFlight: 0, lastRequestAt: 0 }
    entry.route = route
    this.move(entry, route.kind === 'site' ? this.site(route.site) : null)
    if (route.kind === 'site' && entry.site !== null) this.settle(entry.site, route.ipv6 ?? null)
    this.entries.set(host, entry)
  }

  private settle(site: Site, address: string | null): void {
    if (site.address === address) return
    if (site.address !== null) this.addresses.delete(site.address)
    if (address !== null) this.addresses.set(address, site)
    site.address = address
  }

  private move(entry: Entry, site: Site | null): void {
    if (entry.site !== null && entry.site !== site) this.part(entry, entry.site)
    entry.site = site
    if (site === null) return
    site.entries.add(entry)
    site.phase = 'open'
    site.question = null
    site.asked = 'nothing'
  }

  /** A site that nothing leads to any more has no address. */
  private part(entry: Entry, site: Site): void {
    site.entries.delete(entry)
    if (site.entries.size === 0) this.settle(site, null)
  }

  private site(name: string): Site {
    let site = this.sites.get(name)
    if (site === undefined) this.sites.set(name, site = { name, entries: new Set(), address: null, inFlight: 0, phase: 'open', question: null, asked: 'nothing' })
    return site
  }

  /** A site without routes is kept as long as requests are counted on it: they may still be there when its name comes back. */
  private forget(site: Site): void {
    if (site.inFlight === 0 && site.entries.size === 0) this.sites.delete(site.name)
  }

  /** Counts a request in, before anything looks at its site's state. */
  enter(entry: Entry, now: number): void {
    entry.requests++
    entry.inFlight++
    entry.lastRequestAt = now
    if (entry.site !== null) entry.site.inFlight++
    this.changed.add(entry)
  }

  leave(entry: Entry, site: Site | null, now: number): void {
    entry.inFlight--
    entry.lastRequestAt = now
    this.changed.add(entry)
    if (site === null) return
    site.inFlight--
    if (site.question !== null) this.onLeft(site)
    if (site.inFlight === 0) this.forget(site)
  }

  /** The first half of a sleep: the requests in flight; at none the site counts as asleep from now on. */
  closing(name: string): number {
    const site = this.sites.get(name)
    if (site === undefined) return 0
    if (site.inFlight === 0) Object.assign(site, { phase: 'closing', asked: 'nothing' } satisfies Partial<Site>)
    return site.inFlight
  }

  /** Holds the site's requests from now on, whatever is in flight; null where nobody has asked for it yet. */
  drain(name: string, id: number): Site | null {
    const site = this.sites.get(name)
    if (site === undefined) return null
    return Object.assign(site, { phase: 'draining', question: id, asked: 'nothing' } satisfies Partial<Site>)
  }

  /** Where a site's requests go now; for closing its pooled connections. */
  upstreamsOf(site: string): Upstream[] {
    const found: Upstream[] = []
    for (const { route } of this.sites.get(site)?.entries ?? []) if (route.kind === 'site' && route.upstream !== null) found.push(route.upstream)
    return found
  }

  /** Counts of the hosts that changed since the last call. */
  drainCounts(): SiteCount[] {
    const counts: SiteCount[] = []
    for (const entry of this.changed) {
      counts.push({ host: entry.host, requests: entry.requests, inFlight: entry.inFlight, lastRequestAt: entry.lastRequestAt })
      entry.requests = 0
    }
    this.changed.clear()
    return counts
  }
}
