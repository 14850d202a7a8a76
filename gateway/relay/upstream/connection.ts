// One connection to an upstream: sends a request at a time, reads its response, goes back to its pool or is thrown away. Made by pool.ts.
import { dial, type Channel, type Receiver } from '../channel.ts'
import { bodyOf, type Body } from '../message/body.ts'
import { without } from '../message/fields.ts'
import { takeHead } from '../message/head.ts'
import { CHUNKED, NONE, UNTIL_CLOSE } from '../message/request.ts'
import { readResponse, type ResponseHead } from '../message/response.ts'
import type { Clock, Timed } from '../clock.ts'
import { requestText } from './request.ts'
import type { Exchange } from '../exchange.ts'
import type { Pool } from './pool.ts'
import type { RequestHead } from '../message/request.ts'
import type { Settings } from '../settings.ts'
import type { UpstreamSide } from './side.ts'

/** connecting, idle in the pool, awaiting a response's head, within its body, handed over to a tunnel, gone. */
type State = 'connecting' | 'idle' | 'awaiting' | 'body' | 'tunnel' | 'gone'

/** Interim responses before a final one. Sites send one or two; an upstream that goes on for ever has no answer. */
export const INTERIMS = 32

export class UpstreamConnection implements UpstreamSide, Receiver, Timed {
  readonly channel: Channel
  state: State = 'connecting'
  deadline: number
  /** When it was last put into the pool. */
  since = 0
  private exchange: Exchange | null
  private head: ResponseHead | null = null
  private body: Body | null = null
  private partial: Buffer | null = null
  private served = 0
  private silent = true
  private interims = 0
  private chunked = false
  /** `Channel.taken` when the exchange began. */
  private before = 0
  private readonly pool: Pool
  private readonly settings: Settings
  private readonly clock: Clock
  private readonly sink = (bytes: Buffer, start: number, end: number): void => this.exchange?.piece(bytes, start, end, this.channel)

  constructor(pool: Pool, settings: Settings, clock: Clock, exchange: Exchange) {
    this.pool = pool
    this.settings = settings
    this.clock = clock
    this.exchange = exchange
    this.deadline = performance.now() + settings.connectTimeout
    exchange.connecting(this)
    this.channel = dial(this, pool.upstream)
    this.channel.socket.once('connect', () => this.connected())
    clock.watch(this)
  }

  get origin(): string { return this.pool.origin }

  private connected(): void {
    if (this.exchange === null) return this.close()
    this.assign(this.exchange)
  }

  /** Begins an exchange on this connection; it sends its request at once. */
  assign(exchange: Exchange): void {
    this.exchange = exchange
    this.state = 'awaiting'
    this.silent = true
    this.interims = 0
    this.head = null
    this.body = null
    this.before = this.channel.taken
    this.expectProgress()
    exchange.opened(this)
  }

  // The request.

  sendHead(request: RequestHead, own: string): void {
    this.chunked = request.length === CHUNKED
    this.channel.put(requestText(request, own))
  }

  sendBody(bytes: Buffer, start: number, end: number, source: Channel | null): void {
    const { channel } = this
    if (this.chunked) channel.put(`${(end - start).toString(16)}\r\n`)
    channel.putBytes(bytes, start, end, source)
    if (this.chunked) channel.put('\r\n')
  }

  sendEnd(trailers: string): void {
    if (this.chunked) this.channel.put(`0\r\n${trailers}\r\n`)
    this.channel.flush()
  }

  get stuck(): boolean { return this.channel.stuck }
  pause(): void { this.channel.pause() }
  resume(): void { this.channel.resume() }
  flush(): void { this.channel.flush() }

  expectProgress(): void {
    if (this.state === 'awaiting') this.deadline = this.clock.now + this.settings.responseTimeout
  }

  // The response.

  received(bytes: Buffer, end: number): void {
    if (this.state !== 'awaiting' && this.state !== 'body') return this.close()
    if (this.channel.deaf && this.isUnasked) return this.lost()
    this.silent = false
    const exchange = this.exchange
    if (this.partial === null) this.read(bytes, end, 0)
    else {
      const searched = this.partial.length
      const joined = Buffer.concat([this.partial, bytes.subarray(0, end)])
      this.partial = null
      this.read(joined, joined.length, searched)
    }
    exchange?.settle()
  }

  /** On a kept connection that took nothing of the request: what it says is no answer to that. */
  private get isUnasked(): boolean { return this.served > 0 && this.channel.taken === this.before }

  private read(bytes: Buffer, end: number, searched: number): void {
    let at = 0
    while (at < end) {
      const next = this.state === 'awaiting' ? this.readHead(bytes, at, end, at === 0 ? searched : 0) : this.readBody(bytes, at, end)
      if (next < 0) return
      at = next
    }
  }

  private readHead(bytes: Buffer, at: number, end: number, searched: number): number {
    const text = takeHead(bytes, at, end, searched)
    if (text === null && end - at <= this.settings.responseHead) {
      this.partial = Buffer.from(bytes.subarray(at, end))
      return -1
    }
    const { exchange } = this
    if (exchange === null) return this.discard()
    const head = text === null || text.length > this.settings.responseHead ? null : readResponse(text, exchange.asked(this), this.settings, bytes, at)
    if (head === null || text === null) return this.refuse()
    return this.deliver(head, exchange, bytes, at + text.length, end)
  }

  private deliver(head: ResponseHead, exchange: Exchange, bytes: Buffer, at: number, end: number): number {
    if (head.status === 101) return exchange.switches(head) ? this.handOver(exchange, head, bytes, at, end) : this.refuse()
    if (head.status < 200) {
      if (++this.interims > INTERIMS) return this.refuse()
      exchange.interim(head)
      return at
    }
    this.head = head
    this.state = 'body'
    this.deadline = this.clock.now + this.settings.responseProgress
    exchange.answer(head)
    if (head.length === NONE || head.length === 0) return this.complete('', at === end)
    this.body = bodyOf(head.length, this.settings)
    this.channel.setBulk(head.length <= CHUNKED || head.length > 65_536)
    return at
  }

  private handOver(exchange: Exchange, head: ResponseHead, bytes: Buffer, at: number, end: number): number {
    this.state = 'tunnel'
    this.deadline = Infinity
    this.exchange = null
    exchange.tunnel(head, this.channel, Buffer.from(bytes.subarray(at, end)))
    return -1
  }

  private readBody(bytes: Buffer, at: number, end: number): number {
    const { body } = this
    if (body === null) return this.discard()
    this.deadline = this.clock.now + this.settings.responseProgress
    const next = body.feed(bytes, at, end, this.sink)
    if (body.state === 'bad') return this.refuse()
    return body.state === 'done' ? this.complete(body.trailers, next === end) : next
  }

  /** The response is whole. Bytes after it that nobody asked for (`clean` false) end the connection. */
  private complete(trailers: string, clean: boolean): number {
    const { exchange, head } = this
    this.exchange = null
    this.body = null
    this.channel.setBulk(false)
    const reusable = clean && head !== null && head.keepAlive && exchange !== null && exchange.sent === 'whole' && !this.channel.gone && !this.channel.deaf
    if (reusable) this.rest()
    else this.close()
    exchange?.end(head?.nominated ? without(trailers, head.nominated) : trailers)
    return -1
  }

  /** Back to the pool. The exchange ends after this, so that the visitor's next request finds this connection. */
  private rest(): void {
    this.state = 'idle'
    this.served++
    this.since = this.clock.now
    this.deadline = this.clock.now + this.settings.poolIdle
    this.channel.resume()
    this.pool.put(this)
  }

  private refuse(): number {
    const { exchange } = this
    this.discard()
    exchange?.failed('bad_answer')
    return -1
  }

  private discard(): number {
    this.close()
    return -1
  }

  ended(): void {
    if (this.state === 'body' && this.head?.length === UNTIL_CLOSE) {
      const { exchange } = this
      this.complete('', false)
      exchange?.settle()
    } else this.lost()
  }

  drained(): void {
    this.expectProgress()
    this.exchange?.drained()
  }

  closed(): void { this.lost() }

  /** The connection is of no more use: says so to the exchange, by what may have happened to its request. */
  private lost(): void {
    const { exchange, state } = this
    const untouched = this.silent && this.served > 0
    this.close()
    if (exchange === null) return
    if (state === 'connecting') exchange.refused(this.pool.upstream)
    else if (state === 'awaiting' && untouched) exchange.stale()
    else exchange.failed('unreachable')
    exchange.settle()
  }

  overdue(): void {
    const { exchange, state } = this
    if (state === 'connecting') return this.lost()
    this.close()
    exchange?.failed('no_answer')
    exchange?.settle()
  }

  /** Its visitor doesn't read, and others wait. */
  giveWay(): void {
    const { exchange } = this
    this.close()
    exchange?.failed('busy')
  }

  close(): void {
    if (this.state === 'gone') return
    const tunnelled = this.state === 'tunnel'
    this.state = 'gone'
    this.exchange = null
    this.partial = null
    this.clock.forget(this)
    if (!tunnelled) this.channel.destroy()
    this.pool.gone(this)
  }
}
