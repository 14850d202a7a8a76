// What happens to a request, in order: find its route, answer what needs no upstream, count it, wake its site and hold it, or forward it.
// Called by visitors through relay.ts.
import { askFor, stopWaiting } from './asking.ts'
import { PANEL, type Hold } from './hold.ts'
import { valueOf } from './message/fields.ts'
import { uninvited } from './uninvited.ts'
import type { Clock } from './clock.ts'
import type { Exchange, Host } from './exchange.ts'
import { isHttp2, keyOf, type Pools } from './upstream/pool.ts'
import type { Journal } from './access/journal.ts'
import type { Visit } from './access/line.ts'
import type { Meter } from './meter.ts'
import type { Challenges } from './tls/challenges.ts'
import type { Secure } from './tls/secure.ts'
import type { Settings } from './settings.ts'
import type { Entry, Table } from './table.ts'
import type { FromRelay } from '../messages.ts'
import type { SiteRoute, Upstream, WakeCause } from '../../registry/types.ts'

/** Where requests are served: the relay's parts that deciding needs. */
export class Reception implements Host {
  private readonly table: Table
  private readonly pools: Pools
  private readonly hold: Hold
  private readonly clock: Clock
  private readonly settings: Settings
  private readonly secure: Secure
  private readonly challenges: Challenges
  private readonly tell: (message: FromRelay) => void
  private readonly meter: Meter
  private readonly journal: Pick<Journal, 'note'> | null

  constructor(parts: { table: Table; pools: Pools; hold: Hold; clock: Clock; settings: Settings; secure: Secure; challenges: Challenges; tell: (message: FromRelay) => void; meter: Meter; journal: Pick<Journal, 'note'> | null }) {
    this.table = parts.table
    this.pools = parts.pools
    this.hold = parts.hold
    this.clock = parts.clock
    this.settings = parts.settings
    this.secure = parts.secure
    this.challenges = parts.challenges
    this.tell = parts.tell
    this.meter = parts.meter
    this.journal = parts.journal
  }

  get zone(): string { return this.table.zone }
  isStrict(host: string): boolean { return this.secure.isDue(host) }

  isScarce(host: string): boolean {
    const route = this.table.find(host)?.route
    return route !== undefined && route.kind !== 'panel' && !(route.kind === 'static' && isHttp2(route.upstream))
  }

  isShared(host: string): boolean {
    const route = this.table.find(host)?.route
    return route?.kind === 'static' && isHttp2(route.upstream)
  }

  serve(exchange: Exchange): void {
    const shown = this.challenges.answer(exchange.request)
    if (shown !== null) return exchange.failed('challenge', { text: shown })
    const entry = this.table.find(exchange.request.host)
    if (entry === undefined) return exchange.failed('unknown')
    const { route } = entry
    exchange.site ??= entry.site
    if (this.isElsewhere(exchange, entry)) return exchange.failed('misdirected')
    const instead = route.kind === 'site' ? route.redirect : undefined
    const location = exchange.entry === null ? this.secure.redirect(exchange.request, exchange.asker.origin.isSecure(exchange.request), instead) : ''
    if (location !== '') return exchange.failed(instead === undefined ? 'redirect' : 'moved', { fields: `Location: ${location}\r\n` })
    if (route.kind === 'site' && route.state === 'suspended') return exchange.failed('suspended', route.reason === undefined ? {} : { text: route.reason })
    if (exchange.request.maxForwards === 0) return exchange.failed(exchange.request.method === 'TRACE' ? 'bad_method' : 'final')
    if (exchange.entry === null) this.count(exchange, entry)
    if (route.kind !== 'site') this.forward(exchange, route.upstream)
    else if (route.state === 'running' && route.upstream !== null && (entry.site === null || entry.site.phase === 'open')) this.forward(exchange, route.upstream, this.settings.perPod)
    else this.await(exchange, entry, route)
  }

  /** On a site's own address nothing but the site answers, and on one that is no site's any more nobody (RFC 9110 section 15.5.20). A trusted proxy chooses by itself. */
  private isElsewhere({ asker: { origin } }: Exchange, { site }: Entry): boolean {
    return origin.local !== '' && !origin.isTrusted && (site === null || this.table.at(origin.local) !== site)
  }

  /** Before its state is looked at, so that a sleep can't come between. */
  private count(exchange: Exchange, entry: Entry): void {
    exchange.entry = entry
    exchange.site = entry.site
    this.table.enter(entry, this.clock.epoch)
  }

  private forward(exchange: Exchange, upstream: Upstream, most?: number): void {
    const pool = this.pools.of(upstream, most)
    // A proxy may say 100 itself (RFC 9110 section 10.1.1); those who then send nothing are nobody's burden but ours.
    if (exchange.request.expects && exchange.asker.invite !== undefined && !pool.takesUploads) return exchange.asker.invite()
    if (!pool.take(exchange)) return exchange.failed('busy')
    if (exchange.state === 'queued') this.watch(exchange, this.settings.holdTimeout, () => exchange.failed('busy'))
  }

  private await(exchange: Exchange, entry: Entry, route: SiteRoute): void {
    const wait = (route.retryAt ?? 0) - Date.now()
    const who = entry.site?.asked === 'wake' || entry.site?.phase === 'draining' || route.state === 'waking' || route.uninvited === 'wake' ? null : uninvited(exchange.request)
    if (who !== null) return exchange.failed(who === 'scanner' ? 'uninvited' : 'resting')
    if (route.state === 'failed' && wait > 0) return exchange.failed('failed', { retryAfter: Math.ceil(wait / 1000) })
    if (wait > 0 && route.state !== 'waking') return exchange.failed('no_room', { retryAfter: Math.ceil(wait / 1000) })
    if (!this.keep(exchange, route.site)) return
    if (entry.site !== null && entry.site.asked !== 'wake') askFor(entry.site, causeOf(exchange), this.tell)
  }

  /** Holds the exchange, its deadline counted from the first time. False: the hold was full, or time is up, and it has been answered. */
  private keep(exchange: Exchange, key: string): boolean {
    const now = performance.now()
    if (exchange.heldUntil === 0) exchange.heldUntil = now + this.settings.holdTimeout
    if (exchange.heldUntil <= now) exchange.failed('still_asleep')
    else if (!this.hold.add(key, exchange)) exchange.failed('busy')
    else this.held(exchange, key, now)
    return exchange.state === 'held'
  }

  private held(exchange: Exchange, key: string, now: number): void {
    exchange.state = 'held'
    exchange.holdKey = key
    const left = exchange.heldUntil - now
    if (key !== PANEL && isNavigation(exchange)) this.watch(exchange, Math.min(left, Math.max(0, left - this.settings.holdTimeout + this.settings.patience)), () => this.giveUp(exchange, 'waking'))
    else this.watch(exchange, left, () => this.giveUp(exchange, key === PANEL ? 'unreachable' : 'still_asleep'))
  }

  private giveUp(exchange: Exchange, problem: 'waking' | 'still_asleep' | 'unreachable'): void {
    exchange.failed(problem)
    exchange.settle()
  }

  private watch(exchange: Exchange, milliseconds: number, overdue: () => void): void {
    exchange.deadline = performance.now() + milliseconds
    exchange.onOverdue = () => { if (exchange.state === 'held' || exchange.state === 'queued') overdue() }
    this.clock.watch(exchange)
  }

  /** A site's pod or the panel may be back in a moment; a static upstream is somebody else's. */
  refused(exchange: Exchange, upstream: Upstream): void {
    const { entry } = exchange
    if (entry === null || entry.route.kind === 'static') return exchange.failed('unreachable')
    if (entry.route.kind === 'panel') {
      if (this.keep(exchange, PANEL)) this.hold.retry(PANEL)
      return
    }
    if (!goesTo(entry.route, upstream)) return this.serve(exchange)
    if (!this.keep(exchange, entry.route.site)) return
    this.hold.retry(entry.route.site)
    if (entry.site !== null && entry.site.asked !== 'down') {
      entry.site.asked = 'down'
      this.tell({ type: 'down', site: entry.site.name, upstream })
    }
  }

  over(exchange: Exchange): void {
    if (exchange.holdKey !== '') stopWaiting(this.hold, exchange.holdKey, exchange, exchange.site, this.tell)
    if (exchange.deadline !== Infinity) this.clock.forget(exchange)
    if (exchange.entry !== null) this.table.leave(exchange.entry, exchange.site, this.clock.epoch)
    exchange.entry = null
    this.meter.request(exchange.status, exchange.bytes, exchange.problem)
    if (exchange.site !== null) this.journal?.note(exchange.site.name, this.visitOf(exchange))
  }

  private visitOf({ request, asker, status, bytes }: Exchange): Visit {
    return { address: asker.origin.visitor(request), request, status, bytes, at: this.clock.epoch }
  }
}

/** Whether a site's requests still go there: its route may have changed while a connection was being refused. */
function goesTo(route: SiteRoute, upstream: Upstream): boolean {
  return route.state === 'running' && route.upstream !== null && keyOf(route.upstream) === keyOf(upstream)
}

/** A browser going to a page, which can be shown one meanwhile; not its scripts, images, calls, nor any other client. */
export function isNavigation({ request }: Exchange): boolean {
  if (request.method !== 'GET' || request.upgrade !== '' || isPrefetch(request.text)) return false
  const mode = valueOf(request.text, 'sec-fetch-mode')
  if (mode !== '') return mode === 'navigate'
  return valueOf(request.text, 'accept').includes('text/html')
}

/** A page shown in advance would still be the waiting one when it is wanted. `Purpose` is what it was called before. */
function isPrefetch(text: string): boolean {
  return /^prefetch\b/i.test(valueOf(text, 'sec-purpose')) || /^prefetch\b/i.test(valueOf(text, 'purpose'))
}

function causeOf({ request }: Exchange): WakeCause {
  const [path = '/'] = request.target.split('?')
  return { by: 'visitor', method: request.method.slice(0, 32), path: path.slice(0, 200), agent: agentOf(request.agent) }
}

function agentOf(agent: string): 'browser' | 'robot' | 'tool' | 'none' {
  if (agent === '') return 'none'
  if (/bot|crawl|spider|slurp|scan|monitor|preview|fetcher/i.test(agent)) return 'robot'
  return agent.startsWith('Mozilla/') ? 'browser' : 'tool'
}
