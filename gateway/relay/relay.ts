// The relay put together: listeners, visitors, routing table, pools, hold. Made by main.ts and by tests; control.ts feeds it.
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'
import { Clock } from './clock.ts'
import type { OnRead } from './channel.ts'
import { Crowd } from './crowd.ts'
import { Hold } from './hold.ts'
import { fromSocket, listen, plain, turnAway, type Accepted } from './listener.ts'
import { Origin, trustList } from './message/forwarded.ts'
import type { Guest, Place } from './place.ts'
import { passedOn } from './proxy/passed.ts'
import { Meter } from './meter.ts'
import { Pools } from './upstream/pool.ts'
import { Reception } from './serve.ts'
import { SETTINGS, type Settings } from './settings.ts'
import { Sides } from './sides.ts'
import { Table, type Site } from './table.ts'
import { Challenges } from './tls/challenges.ts'
import { Contexts } from './tls/contexts.ts'
import { Handshake, HTTP2_OR_1, type Door } from './tls/door.ts'
import { Secure, type RedirectHttps } from './tls/secure.ts'
import type { Tls } from './tls/socket.ts'
import { Visitor } from './http1/visitor.ts'
import { Prior } from './http2/prior.ts'
import { serveHttp2 } from './http2/serve.ts'
import type { Journal } from './access/journal.ts'
import type { Challenge, FromRelay, ToRelay } from '../messages.ts'
import { isSites } from '../../registry/prefix.ts'
import type { Route } from '../../registry/types.ts'

export type RelayOptions = {
  settings?: Partial<Settings>
  trustedProxies?: string[]
  /** Every connection comes from a trusted proxy and begins with a PROXY header; others are closed. */
  proxyProtocol?: boolean
  redirectHttps?: RedirectHttps
  /** Plain connections may begin with HTTP/2's preface: for balancers that speak HTTP/2 to what is behind them. */
  h2c?: boolean
  /** With it sites have addresses of their own, on which nobody else answers. */
  ipv6Prefix?: string | null
  /** Sends a message to control; dropped while there is none, which `false` says. */
  tell?: (message: FromRelay) => boolean | void
  /** Where requests to sites are written down. */
  journal?: Pick<Journal, 'note' | 'forget' | 'dropped'>
}

export class Relay {
  readonly settings: Settings
  readonly table = new Table()
  readonly clock: Clock
  readonly pools: Pools
  readonly hold: Hold
  readonly crowd: Crowd
  readonly meter = new Meter()
  readonly challenges = new Challenges()
  readonly contexts = new Contexts(this.challenges)
  readonly secure: Secure
  readonly sides: Sides
  private readonly trusted
  private readonly proxied: boolean
  private readonly h2c: boolean
  private readonly prefix: string | null
  private readonly guests = new Set<Guest>()
  private readonly servers: Server[] = []
  private readonly place: Place
  private readonly door: Door
  private readonly tell: (message: FromRelay) => boolean | void
  private readonly journal: Pick<Journal, 'note' | 'forget' | 'dropped'> | null
  private leaving = false
  private emptied: (() => void) | null = null

  constructor(options: RelayOptions = {}) {
    this.settings = { ...SETTINGS, ...options.settings }
    this.proxied = options.proxyProtocol ?? false
    this.h2c = options.h2c ?? false
    this.prefix = options.ipv6Prefix ?? null
    this.trusted = trustList(options.trustedProxies ?? [])
    this.tell = options.tell ?? (() => {})
    this.journal = options.journal ?? null
    this.clock = new Clock(this.settings.sweep)
    this.pools = new Pools(this.settings, this.clock)
    this.hold = new Hold(this.settings)
    this.crowd = new Crowd(this.settings)
    this.secure = new Secure(options.redirectHttps ?? 'auto', this.contexts, () => this.table.zone)
    this.sides = new Sides({ ...this, tell: this.tell, take: guest => this.take(guest), gone: guest => this.gone(guest) })
    this.table.onLeft = site => this.left(site)
    const host = new Reception({ ...this, tell: this.tell, journal: this.journal })
    this.door = { contexts: this.contexts, zone: () => this.table.zone, protocols: HTTP2_OR_1 }
    const isLeaving = (): boolean => this.leaving
    this.place = { host, clock: this.clock, settings: this.settings, gone: guest => this.gone(guest), get leaving() { return isLeaving() } }
  }

  /** Serves plain HTTP on an inherited descriptor, or on a port. */
  async listen(where: ListenOptions | { fd: number }): Promise<Server> {
    const server = await listen(where, accepted => this.arrive(accepted, 'http'))
    this.servers.push(server)
    return server
  }

  /** Serves HTTPS; the first such port is where plain requests are redirected to. */
  async listenTls(where: ListenOptions | { fd: number }): Promise<Server> {
    const server = await listen(where, accepted => this.arrive(accepted, 'https'))
    if (this.secure.port === 0) this.secure.port = (server.address() as AddressInfo).port
    this.servers.push(server)
    return server
  }

  /** Serves the ports of sites' own whose slot it is. */
  async listenSide(where: ListenOptions | { fd: number }, slot: number): Promise<Server> {
    const server = await this.sides.listen(where, slot)
    this.servers.push(server)
    return server
  }

  /** Another door's server, to be closed with ours. */
  adopt(server: Server): void { this.servers.push(server) }

  private arrive(accepted: Accepted, scheme: 'http' | 'https'): void {
    if (this.proxied) void this.unwrap(accepted, scheme)
    else this.welcome(accepted, scheme)
  }

  /** Whoever isn't a trusted proxy could write any address into the header. */
  private async unwrap(accepted: Accepted, scheme: 'http' | 'https'): Promise<void> {
    const { isTrusted } = new Origin(accepted.address, scheme, accepted.port, this.trusted)
    if (!isTrusted) return void plain(accepted).on('error', () => {}).destroy()
    const passed = await passedOn(accepted, this.settings.headTimeout)
    if (passed !== null) this.welcome(passed, scheme)
  }

  /** Takes a connection in, unless it is one too many. */
  welcome(accepted: Accepted, scheme: 'http' | 'https'): void {
    const origin = new Origin(accepted.address, scheme, accepted.port, this.trusted, this.placed(accepted.local))
    const key = this.leaving ? null : this.crowd.enter(origin.address, origin.isTrusted)
    if (key === null) return this.refuse(accepted)
    const left = (): void => this.crowd.leave(key)
    if (scheme === 'https') this.shake(accepted, origin, left)
    else if (this.h2c) this.discern(plain(accepted).once('close', left), origin)
    else this.visit(origin, accepted.open).once('close', left)
  }

  private placed(local: string): string { return this.prefix !== null && isSites(this.prefix, local) ? local : '' }

  private refuse(accepted: Accepted): void {
    this.meter.turnedAway()
    turnAway(accepted)
  }

  private shake(accepted: Accepted, origin: Origin, left: () => void): void {
    const taken = accepted.take()
    if (taken === null) return left()
    const handshake = new Handshake(taken.handle, this.door, this.place, { enter: tls => this.enter(tls, origin), left })
    this.take(handshake)
    handshake.begin(taken.begun)
  }

  private enter(tls: Tls, origin: Origin): void {
    if (tls.alpnProtocol === 'h2') this.take(serveHttp2(tls, origin, this.place))
    else this.visit(origin, onread => tls.open(onread))
  }

  private discern(socket: Socket, origin: Origin): void {
    this.take(new Prior(socket, this.place, version => {
      if (version === 2) this.take(serveHttp2(socket, origin, this.place))
      else this.visit(origin, onread => fromSocket(socket).open(onread)).resume()
    }))
  }

  private visit(origin: Origin, open: (onread: OnRead) => Socket): Socket {
    const visitor = new Visitor(origin, this.place, open)
    this.take(visitor)
    return visitor.channel.socket
  }

  private take(guest: Guest): void {
    this.guests.add(guest)
    this.clock.watch(guest)
  }

  private gone(guest: Guest): void {
    this.guests.delete(guest)
    this.clock.forget(guest)
    if (this.guests.size === 0) this.emptied?.()
  }

  /** Does what control says, and answers it. */
  obey(message: ToRelay): void {
    switch (message.type) {
      case 'table': this.replace(message.version, message.zone, message.routes); return this.applied(message.version)
      case 'route': this.change(message.version, [message.route]); return this.applied(message.version)
      case 'routes': this.change(message.version, message.routes); return this.applied(message.version)
      case 'gone': this.remove(message.version, message.host); return this.applied(message.version)
      case 'closing': return message.drain ? this.drain(message.id, message.site) : this.closing(message.id, message.site)
      case 'certificates': return this.contexts.replace(message.certificates)
      case 'certificate': return this.contexts.put(message.certificate)
      case 'uncertified': return this.contexts.remove(message.name)
      case 'challenges': this.show(message.version, message.challenges); return this.applied(message.version)
      case 'tickets': return this.contexts.setTicketKey(message.key)
    }
  }

  private show(version: number, challenges: Challenge[]): void {
    this.challenges.replace(challenges)
    this.table.version = version
  }

  private applied(version: number): void { this.tell({ type: 'applied', version }) }

  /** A whole table: from control, or from the snapshot before control is there. */
  replace(version: number, zone: string, routes: Route[]): void {
    this.table.replace(version, zone, routes)
    this.hold.releaseAll()
    this.sides.reviewAll()
  }

  /** Several are those of one site: nobody is served by half of them. */
  private change(version: number, routes: Route[]): void {
    const [first] = routes
    const site = first?.kind === 'site' ? first : null
    if (site !== null && site.state !== 'running') this.closeIdle(site.site)
    for (const route of routes) this.table.set(version, route)
    if (site === null) return
    this.sides.review(site.site)
    this.hold.release(site.site)
  }

  private remove(version: number, host: string): void {
    const route = this.table.find(host.toLowerCase())?.route
    if (route?.kind === 'site') this.closeIdle(route.site)
    this.table.remove(version, host)
    if (route?.kind !== 'site') return
    this.sides.review(route.site)
    this.hold.release(route.site)
    if (!this.table.leads(route.site)) this.journal?.forget(route.site)
  }

  private closing(id: number, site: string): void {
    const inFlight = this.table.closing(site)
    if (inFlight === 0) this.closeIdle(site)
    this.tell({ type: 'closed', id, site, inFlight })
  }

  private drain(id: number, name: string): void {
    const site = this.table.drain(name, id)
    if (site === null) this.tell({ type: 'closed', id, site: name, inFlight: 0 })
    else this.left(site)
  }

  /** Says that a site is drained, once all that is in flight is what we hold ourselves. */
  private left(site: Site): void {
    if (site.question === null || site.inFlight > this.hold.count(site.name)) return
    const id = site.question
    site.question = null
    this.closeIdle(site.name)
    this.tell({ type: 'closed', id, site: site.name, inFlight: 0 })
  }

  private closeIdle(site: string): void {
    for (const upstream of this.table.upstreamsOf(site)) this.pools.closeIdle(upstream)
  }

  private gauges(): Record<string, number> {
    return {
      connections: this.crowd.size, requests_held: this.hold.size, side_connections: this.sides.size, upstream_connections: this.pools.open,
      relay_resident_bytes: this.meter.resident(),
    }
  }

  /** Sends what was counted since the last time. */
  report(): void {
    const counts = this.table.drainCounts()
    if (counts.length > 0) this.tell({ type: 'counts', counts })
    if (this.journal !== null) this.meter.linesLost(this.journal.dropped)
    this.meter.drain(counts => this.tell({ type: 'meter', counts, gauges: this.gauges() }) === true)
  }

  /** Stops accepting, lets what is under way finish, and resolves when it has, or the time for it is up. */
  async leave(): Promise<void> {
    this.leaving = true
    for (const server of this.servers) server.close()
    for (const guest of [...this.guests]) guest.retire()
    if (this.guests.size > 0) await this.empty()
    this.stop()
  }

  private empty(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, this.settings.leave)
      this.emptied = () => { clearTimeout(timer); resolve() }
    })
  }

  private stop(): void {
    for (const guest of this.guests) guest.destroy()
    this.pools.closeAllIdle()
    this.hold.stop()
    this.clock.stop()
  }
}
