// Connections to one upstream: idle ones last in, first out, so that few stay warm; a bound on all, and a bounded queue. Used by serve.ts.
import { SessionPool } from './http2/pool.ts'
import { UpstreamConnection } from './connection.ts'
import { fromOf, Lines } from './lines.ts'
import { Press } from './press.ts'
import type { Address, Upstream } from '../../../registry/types.ts'
import type { Clock } from '../clock.ts'
import type { Exchange } from '../exchange.ts'
import type { Settings } from '../settings.ts'

/** All pools, by upstream. */
export class Pools {
  private readonly pools = new Map<string, Pool | SessionPool>()
  /** The same by the object that names the upstream, as routes do, and some that were forgotten: making a key costs more than two looks. */
  private readonly known = new WeakMap<Upstream, Pool | SessionPool>()
  readonly settings: Settings
  readonly clock: Clock
  /** Connections in all, but for the few to HTTP/2 upstreams. */
  total = 0

  constructor(settings: Settings, clock: Clock) {
    this.settings = settings
    this.clock = clock
  }

  /** The pool of an upstream, of `most` connections where it is new. */
  of(upstream: Upstream, most = this.settings.perUpstream): Pool | SessionPool {
    const known = this.known.get(upstream)
    if (known !== undefined && this.pools.get(known.key) === known) return known
    const pool = this.find(upstream, most)
    this.known.set(upstream, pool)
    return pool
  }

  private find(upstream: Upstream, most: number): Pool | SessionPool {
    const key = keyOf(upstream)
    let pool = this.pools.get(key)
    if (pool === undefined) this.pools.set(key, pool = isHttp2(upstream) ? new SessionPool(key, upstream, originOf(upstream), this) : new Pool(key, upstream, this, most))
    return pool
  }

  /** Closes what is idle to an upstream, before it is frozen or stopped. */
  closeIdle(upstream: Upstream): void { this.pools.get(keyOf(upstream))?.closeIdle() }
  closeAllIdle(): void { for (const pool of this.pools.values()) pool.closeIdle() }
  get isFull(): boolean { return this.total >= this.settings.upstreams }

  /** Closes a connection that is idle, for one that `wanting` opens: each pool's in turn, or the first would always connect anew. */
  makeRoom(wanting: Pool): void {
    for (const [key, pool] of this.pools) {
      if (!(pool instanceof Pool) || !pool.makeRoom()) continue
      this.pools.delete(key)
      if (pool.size > 0 || pool === wanting) this.pools.set(key, pool)
      return
    }
  }

  forget(pool: Pool | SessionPool): void { this.pools.delete(pool.key) }
  get open(): number { return [...this.pools.values()].reduce((sum, pool) => sum + pool.size, 0) }
}

export function keyOf(upstream: Upstream): string {
  return 'path' in upstream ? upstream.path : `${upstream.address} ${upstream.port}${upstream.protocol === undefined ? '' : ` ${upstream.protocol}`}`
}

export function isHttp2(upstream: Upstream): upstream is Address { return 'address' in upstream && upstream.protocol === 'h2c' }

export class Pool {
  readonly key: string
  readonly upstream: Upstream
  /** How a redirect to the upstream itself would begin. */
  readonly origin: string
  private readonly pools: Pools
  private readonly idle: UpstreamConnection[] = []
  /** Connections that aren't idle, and whom they serve. */
  readonly lent = new Map<UpstreamConnection, Exchange>()
  private readonly lines = new Lines()
  private readonly press: Press
  /** Connections whose request's body is still on its way, as of the last look. */
  private readonly uploads = new Map<UpstreamConnection, Exchange>()
  private open = 0
  private readonly most: number
  /** How many of them one address may have at a time: a quarter is kept for others, where there are as many as four. */
  private readonly share: number

  constructor(key: string, upstream: Upstream, pools: Pools, most: number) {
    this.most = most
    this.share = most - (most >> 2)
    this.press = new Press(this, pools.clock, pools.settings.pressed)
    this.key = key
    this.upstream = upstream
    this.pools = pools
    this.origin = originOf(upstream)
  }

  get size(): number { return this.open }
  get isWanted(): boolean { return this.lines.size > 0 }

  /** Gives the exchange a connection now, or as soon as there is one; false where the queue is full. */
  take(exchange: Exchange): boolean {
    if ((exchange.isUpload && !this.takesUploads) || this.isGreedy(exchange)) return this.wait(exchange)
    const warm = this.warm(exchange)
    if (warm !== null) this.lend(warm, exchange)
    else if (this.hasRoom()) this.connect(exchange)
    else return this.open > 0 && this.wait(exchange)
    return true
  }

  /** The address that has its share of the connections, or ''. */
  private get greedy(): string {
    if (this.lent.size < this.share || this.share === this.most) return ''
    const held = new Map<string, number>()
    for (const exchange of this.lent.values()) {
      const from = fromOf(exchange)
      const now = (held.get(from) ?? 0) + 1
      if (now >= this.share) return from
      held.set(from, now)
    }
    return ''
  }

  private isGreedy(exchange: Exchange): boolean { return this.lent.size >= this.share && this.greedy === fromOf(exchange) }

  private hasRoom(): boolean {
    if (this.open >= this.most) this.makeRoom()
    else if (this.pools.isFull) this.pools.makeRoom(this)
    return this.open < this.most && !this.pools.isFull
  }

  /** Whether a request may have a connection although its body isn't here: visitors who send slowly, or nothing, get half of them at most. */
  get takesUploads(): boolean {
    for (const [connection, exchange] of this.uploads) if (exchange.sent === 'whole') this.uploads.delete(connection)
    return this.uploads.size < Math.max(1, this.most >> 1)
  }

  /** Those that are idle may all be of no use to a request that may not be sent twice; the one that was idle for longest makes way. Its place is kept meanwhile: a pool without any is forgotten. */
  makeRoom(): boolean {
    const oldest = this.idle.shift()
    if (oldest === undefined) return false
    this.open++
    oldest.close()
    this.open--
    return true
  }

  /** An idle connection the exchange may use: any, unless it can't be sent twice, then only one used just now. */
  private warm(exchange: Exchange): UpstreamConnection | null {
    const last = this.idle.at(-1)
    if (last === undefined || exchange.needsNew) return null
    if (!exchange.replayable && this.pools.clock.now - last.since > this.pools.settings.poolFresh) return null
    this.idle.pop()
    return last
  }

  private connect(exchange: Exchange): void {
    this.open++
    this.pools.total++
    this.note(new UpstreamConnection(this, this.pools.settings, this.pools.clock, exchange), exchange)
  }

  private lend(connection: UpstreamConnection, exchange: Exchange): void {
    this.note(connection, exchange)
    connection.assign(exchange)
  }

  private note(connection: UpstreamConnection, exchange: Exchange): void {
    this.lent.set(connection, exchange)
    if (exchange.isUpload) this.uploads.set(connection, exchange)
  }

  private wait(exchange: Exchange): boolean {
    if (this.lines.size >= this.pools.settings.upstreamQueue) return false
    this.lines.add(exchange)
    this.press.begin()
    exchange.queued(this)
    return true
  }

  leaveQueue(exchange: Exchange): void { this.lines.remove(exchange) }

  /** A connection whose exchange is over and which may serve another. */
  put(connection: UpstreamConnection): void {
    this.lent.delete(connection)
    this.uploads.delete(connection)
    const next = this.next()
    if (next !== undefined) this.lend(connection, next)
    else this.idle.push(connection)
  }

  /** A connection is gone: the next in the queue gets a new one. */
  gone(connection: UpstreamConnection): void {
    this.lent.delete(connection)
    this.uploads.delete(connection)
    const at = this.idle.lastIndexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
    this.open--
    this.pools.total--
    const next = this.next()
    if (next !== undefined) this.connect(next)
    else if (this.open === 0) this.pools.forget(this)
  }

  private next(): Exchange | undefined {
    return this.lines.size === 0 ? undefined : this.lines.next(() => this.takesUploads, this.greedy)
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.close()
  }
}

function originOf(upstream: Upstream): string {
  if ('path' in upstream) return ''
  const host = upstream.address.includes(':') ? `[${upstream.address}]` : upstream.address
  return `http://${host}${upstream.port === 80 ? '' : `:${upstream.port}`}`
}
