// A connection to a port of a site's own: waits for the site to wake, connects to the same port of its pod, and from then on is bytes both ways
// (tunnel.ts). Made by sides.ts for each that it lets in. Nothing of the visitor's is read before its pod is there.
import { Channel, dial, type Receiver } from './channel.ts'
import { askFor, stopWaiting } from './asking.ts'
import { Tunnel } from './tunnel.ts'
import type { Accepted } from './listener.ts'
import type { Clock } from './clock.ts'
import type { Guest } from './place.ts'
import type { Hold, Waiting } from './hold.ts'
import type { Settings } from './settings.ts'
import type { Entry, Site, Table } from './table.ts'
import type { FromRelay } from '../messages.ts'
import type { OpenPort } from '../../registry/ports.ts'
import type { SiteRoute } from '../../registry/types.ts'

/** What of the relay a splice needs. */
export type Parts = { table: Table; hold: Hold; clock: Clock; settings: Settings; tell: (message: FromRelay) => void }
/** Who came where: `key` is the visitor as far as sharing goes. */
export type Errand = { entry: Entry; site: Site; open: OpenPort; local: string; key: string }

/** Milliseconds between two tries to connect to a program that doesn't listen yet. */
const AGAIN = 100

export class Splice implements Guest, Waiting, Receiver {
  readonly errand: Errand
  deadline = Infinity
  private state: 'new' | 'held' | 'dialling' | 'pausing' | 'open' | 'over' = 'new'
  private heldUntil = 0
  private patientUntil = 0
  private pod: { address: string; channel: Channel } | null = null
  private timer: NodeJS.Timeout | undefined
  private readonly visitor: Channel
  private readonly parts: Parts
  private readonly gone: (splice: Splice) => void

  /** Counted as a request of its site from here on, before anything looks at the site's state. `gone` is called once, at its end. */
  constructor(accepted: Accepted, errand: Errand, parts: Parts, gone: (splice: Splice) => void) {
    this.errand = errand
    this.parts = parts
    this.gone = gone
    parts.table.enter(errand.entry, parts.clock.epoch)
    this.visitor = new Channel(this, accepted.open)
    this.visitor.pause()
  }

  /** To the pod, or to wait for it. */
  go(): void {
    const { entry: { route }, site } = this.errand
    this.state = 'new'
    if (route.kind !== 'site' || !this.isAllowed) this.destroy()
    else if (route.state === 'running' && route.upstream !== null && 'address' in route.upstream && site.phase === 'open') this.dial(route.upstream.address)
    else this.wait(route)
  }

  private wait({ state, retryAt = 0 }: SiteRoute): void {
    const { errand: { site, open }, parts: { hold, settings, tell } } = this
    this.heldUntil ||= performance.now() + settings.holdTimeout
    const resting = state !== 'waking' && retryAt > Date.now()
    if (resting || this.heldUntil <= performance.now() || !hold.add(site.name, this)) return this.destroy()
    this.state = 'held'
    this.deadline = this.heldUntil
    askFor(site, { by: 'visitor', method: 'TCP', path: `port ${open.port}`, agent: 'none' }, tell)
  }

  released(): void { if (this.state === 'held') this.go() }

  private dial(address: string): void {
    const { settings } = this.parts
    this.state = 'dialling'
    if (this.patientUntil === 0) this.patientUntil = performance.now() + (this.heldUntil === 0 ? 0 : settings.splicePatience)
    this.deadline = performance.now() + settings.connectTimeout
    const channel = dial({ received() {}, ended() {}, drained() {}, closed: () => this.refused(channel) }, { address, port: this.errand.open.port })
    this.pod = { address, channel }
    channel.socket.once('connect', () => this.connected(channel))
  }

  /** A program that has just been started with its site may not listen yet. */
  private refused(channel: Channel): void {
    if (this.state !== 'dialling' || this.pod?.channel !== channel) return
    this.pod = null
    if (performance.now() >= this.patientUntil) return this.destroy()
    this.state = 'pausing'
    this.deadline = Infinity
    this.timer = setTimeout(() => this.go(), AGAIN)
  }

  private connected(channel: Channel): void {
    if (this.state !== 'dialling') return channel.reset()
    const { clock, settings } = this.parts
    this.state = 'open'
    this.deadline = Infinity
    if (this.errand.open.proxyProtocol) channel.put(this.introduction())
    new Tunnel(this.visitor, channel, { clock, settings: { ...settings, tunnelIdle: settings.spliceIdle }, over: () => this.finish() }).begin(null, false)
  }

  /** The PROXY protocol's first version, as HAProxy defines it. */
  private introduction(): string {
    const { remoteAddress = '', remotePort = 0 } = this.visitor.socket
    return `PROXY TCP${remoteAddress.includes(':') ? '6' : '4'} ${remoteAddress} ${this.errand.local} ${remotePort} ${this.errand.open.port}\r\n`
  }

  /** Whether the port is still open, its site not suspended and, once connected, its pod still the one that runs. */
  get isAllowed(): boolean {
    const { entry, open } = this.errand
    const { route } = entry
    if (route.kind !== 'site' || route.state === 'suspended' || this.parts.table.find(entry.host) !== entry) return false
    if (!route.ports?.some(each => each.port === open.port && each.slot === open.slot)) return false
    return this.state !== 'open' || (route.state === 'running' && route.upstream !== null && 'address' in route.upstream && route.upstream.address === this.pod?.address)
  }

  received(): void {}
  ended(): void {}
  drained(): void {}
  closed(): void { this.destroy() }
  overdue(): void { this.destroy() }
  /** The relay is leaving: what is connected may go on for as long as the relay can. */
  retire(): void { if (this.state !== 'open') this.destroy() }

  /** Ends it at once, with a reset: nobody must take it for whole. */
  destroy(): void {
    this.visitor.reset()
    this.pod?.channel.reset()
    this.finish()
  }

  private finish(): void {
    if (this.state === 'over') return
    const { errand: { entry, site }, parts: { table, hold, clock, tell } } = this
    const held = this.state === 'held'
    this.state = 'over'
    clearTimeout(this.timer)
    if (held) stopWaiting(hold, site.name, this, site, tell)
    table.leave(entry, site, clock.epoch)
    this.gone(this)
  }
}
