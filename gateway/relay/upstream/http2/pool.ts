// HTTP/2 connections to one upstream: few, each used as far as it allows, and a bounded queue. Made by ../pool.ts, asked by serve.ts.
import { UpstreamSession } from './session.ts'
import type { Address } from '../../../../registry/types.ts'
import type { Clock } from '../../clock.ts'
import type { Exchange } from '../../exchange.ts'
import type { Queue } from '../side.ts'
import type { Settings } from '../../settings.ts'

/** What a pool needs of all of them. */
type Home = { readonly settings: Settings; readonly clock: Clock; forget(pool: SessionPool): void }

export class SessionPool implements Queue {
  readonly key: string
  readonly upstream: Address
  /** How a redirect to the upstream itself would begin. */
  readonly origin: string
  /** A body on its way occupies a stream, which costs the upstream no process. */
  readonly takesUploads = true
  private readonly home: Home
  private readonly sessions = new Set<UpstreamSession>()
  private readonly queue = new Set<Exchange>()

  constructor(key: string, upstream: Address, origin: string, home: Home) {
    this.key = key
    this.upstream = upstream
    this.origin = origin
    this.home = home
  }

  get size(): number { return this.sessions.size }

  /** Gives the exchange a stream now, or as soon as there is one; false where the queue is full. */
  take(exchange: Exchange): boolean {
    // An upgrade hands over a connection; a stream is none (RFC 9113 section 8.6).
    if (exchange.request.upgrade !== '') exchange.failed('bad_protocol')
    else if (this.queue.size >= this.home.settings.upstreamQueue) return false
    else this.place(exchange)
    return true
  }

  private place(exchange: Exchange): void {
    for (const session of this.sessions) if (session.hasRoom) return session.assign(exchange)
    this.queue.add(exchange)
    exchange.queued(this)
    this.grow()
  }

  leaveQueue(exchange: Exchange): void { this.queue.delete(exchange) }

  /** A session may take more. */
  ready(session: UpstreamSession): void {
    for (const exchange of this.queue) {
      if (!session.hasRoom) break
      this.queue.delete(exchange)
      session.assign(exchange)
    }
    this.grow()
  }

  /** Opens another session where some wait, one at a time. Those that are leaving don't count, but all together are bounded. */
  grow(): void {
    if (this.queue.size === 0) return
    const { settings, clock } = this.home
    const sessions = [...this.sessions].filter(({ phase }) => phase !== 'leaving')
    if (sessions.length >= settings.upstreamSessions || this.sessions.size >= settings.perUpstream) return
    if (sessions.some(({ phase }) => phase === 'connecting')) return
    this.sessions.add(new UpstreamSession(this, settings, clock))
  }

  /** One that was of no use is an upstream that can't be reached, unless there are others. */
  gone(session: UpstreamSession): void {
    this.sessions.delete(session)
    if (session.begun === 0 && ![...this.sessions].some(({ phase }) => phase === 'open')) this.refuse()
    else this.grow()
    if (this.sessions.size === 0 && this.queue.size === 0) this.home.forget(this)
  }

  private refuse(): void {
    const waiting = [...this.queue]
    this.queue.clear()
    for (const exchange of waiting) {
      exchange.refused(this.upstream)
      exchange.settle()
    }
  }

  closeIdle(): void {
    for (const session of [...this.sessions]) session.retire()
  }
}
