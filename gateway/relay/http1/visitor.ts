// A visitor's HTTP/1.1 connection: reads requests one after the other, answers them in order. Made by relay.ts for each accepted socket.
import { bodyOf, type Body } from '../message/body.ts'
import { Foretaste } from './foretaste.ts'
import { Exchange, type Asker } from '../exchange.ts'
import { Channel, type OnRead, type Receiver } from '../channel.ts'
import { appetiteIn, type Phase } from './phase.ts'
import { Intake, type Appetite, type Eater } from './intake.ts'
import { Opening } from './opening.ts'
import { Pace } from './pace.ts'
import { Reply } from './reply.ts'
import { Tunnel } from '../tunnel.ts'
import { hasBody } from './writer.ts'
import type { Socket } from 'node:net'
import type { Detail } from '../pages.ts'
import type { Origin } from '../message/forwarded.ts'
import { PROBLEMS, type ProblemName } from '../problems.ts'
import type { Refusal, RequestHead } from '../message/request.ts'
import type { ResponseHead } from '../message/response.ts'
import type { Guest, Place } from '../place.ts'

export class Visitor implements Receiver, Asker, Guest, Eater {
  readonly channel: Channel
  readonly origin: Origin
  deadline: number
  private phase: Phase = 'idle'
  private exchange: Exchange | null = null
  private request: RequestHead | null = null
  private reader: Body | null = null
  private foretaste: Foretaste | null = null
  private persist = true
  private halfClosed = false
  private readonly place: Place
  private readonly intake: Intake
  private readonly opening: Opening
  private readonly reply: Reply
  private readonly pace: Pace
  private readonly sink = (bytes: Buffer, start: number, end: number): void => this.exchange?.body(bytes, start, end, this.channel)

  /** `open` makes the accepted socket around our read callback. */
  constructor(origin: Origin, place: Place, open: (onread: OnRead) => Socket) {
    this.origin = origin
    this.place = place
    this.deadline = place.clock.now + place.settings.headTimeout
    this.channel = new Channel(this, open)
    this.intake = new Intake(this, this.channel, place.settings)
    this.opening = new Opening(place.settings)
    this.reply = new Reply(this.channel)
    this.pace = new Pace(this.channel, place)
  }

  get isIdle(): boolean { return this.phase === 'idle' || this.phase === 'head' }
  get stuck(): boolean { return this.channel.stuck }
  get mark(): number { return this.channel.unsent }
  get appetite(): Appetite { return appetiteIn(this.phase) }
  private within(milliseconds: number): void { this.deadline = this.pace.begin(milliseconds) }
  flush(): void {
    this.channel.flush()
    if (this.channel.stuck && this.deadline === Infinity) this.within(this.place.settings.readProgress)
  }

  received(bytes: Buffer, end: number): void {
    this.intake.received(bytes, end)
    this.exchange?.settle()
    this.flush()
  }

  /** Goes on with what was read ahead. The rest of a head, or of a body, won't come from a visitor who has half-closed. */
  private pump(): void {
    if (!this.intake.pump() || !this.halfClosed) return
    if (this.phase === 'body') this.channel.destroy()
    else if (this.isIdle && (this.phase === 'head' || !this.intake.holds)) this.close()
  }

  step(bytes: Buffer, at: number, end: number): number {
    switch (this.phase) {
      case 'idle': return this.begin(bytes, at, end)
      case 'head': return this.readHead(bytes, at, end)
      case 'foretaste': return this.taste(bytes, at, end)
      case 'body': return this.readBody(bytes, at, end)
      default: return -1
    }
  }

  /** A visitor who sends requests and doesn't read the answers gets no more of them. */
  private begin(bytes: Buffer, at: number, end: number): number {
    if (this.channel.stuck) {
      this.channel.pause()
      return -1
    }
    const start = this.opening.begin(bytes, at, end)
    if (start < 0 || start === end) return start
    this.phase = 'head'
    this.within(this.place.settings.headTimeout)
    return start
  }

  private readHead(bytes: Buffer, at: number, end: number): number {
    const request = this.opening.read(bytes, at, end)
    if (request === null) return -1
    if (typeof request === 'string') return this.refuse(request, this.opening.text)
    this.request = request
    if (hasBody(request) && !request.expects && this.place.host.isScarce(request.host)) this.await(request)
    else this.start(request)
    return at + request.text.length
  }

  private await(request: RequestHead): void {
    this.phase = 'foretaste'
    this.foretaste = new Foretaste(request.length, this.place.settings)
    this.within(this.place.settings.bodyProgress)
  }

  private taste(bytes: Buffer, at: number, end: number): number {
    const verdict = this.foretaste?.look(bytes, at, end) ?? 'more'
    if (verdict === 'bad') this.spoil('malformed')
    else if (verdict !== 'more' && this.request !== null) this.start(this.request, verdict === 'whole')
    return verdict === 'bad' || verdict === 'more' ? -1 : at
  }

  /** Its client waits for a word before it sends the body, and the site has no connection for that: the word is ours. */
  invite(): void {
    if (this.request === null) return
    this.reply.proceed(this.request)
    this.await(this.request)
    this.pump()
  }

  /** Has the request served; again, where it was first invited to send its body. */
  private start(request: RequestHead, bodyIsHere = false): void {
    const again = this.exchange
    this.phase = hasBody(request) ? 'unread' : 'answer'
    this.deadline = Infinity
    const exchange = this.exchange = again ?? new Exchange(request, this, this.place.host)
    exchange.bodyIsHere = bodyIsHere
    if (again !== null) return again.released()
    this.persist = request.keepAlive && !this.place.leaving
    this.place.host.serve(exchange)
    if (this.halfClosed && this.exchange === exchange) this.doubt()
  }

  private readBody(bytes: Buffer, at: number, end: number): number {
    const { reader } = this
    if (reader === null) return -1
    const next = reader.feed(bytes, at, end, this.sink)
    if (this.pace.came(next - at) && this.deadline !== Infinity) this.within(this.place.settings.bodyProgress)
    if (reader.state === 'bad') this.spoil('malformed')
    else if (reader.state === 'done') this.bodyOver(reader.trailers)
    return this.phase === 'linger' ? -1 : next
  }

  private bodyOver(trailers: string): void {
    this.reader = null
    this.phase = 'answer'
    this.deadline = Infinity
    this.exchange?.bodyEnd(trailers)
  }

  /** The body won't come to its end: the upstream must not take what it has for a whole request. */
  private spoil(why: 'malformed' | 'too_slow'): void {
    const { exchange } = this
    this.exchange = null
    exchange?.abandon(PROBLEMS[why].status)
    if (exchange?.answered === 'head') this.breakOff()
    else this.refuse(why, this.request?.text ?? '')
  }

  wantBody(): void {
    if (this.phase !== 'unread' || this.request === null) return
    this.phase = 'body'
    this.reader = bodyOf(this.request.length, this.place.settings)
    this.channel.setBulk(this.request.length < 0 || this.request.length > 65_536)
    this.within(this.place.settings.bodyProgress)
    this.pump()
  }

  holdBody(): void {
    if (this.phase !== 'body') return
    this.channel.pause()
    this.deadline = Infinity
  }

  /** The last piece may have been the one that filled the upstream's buffer: then it is the next request that waits. */
  resumeBody(): void {
    if (this.phase === 'answer') return this.channel.resume()
    if (this.phase !== 'body') return
    this.within(this.place.settings.bodyProgress)
    this.pump()
  }

  interim(head: ResponseHead): void {
    if (this.request?.minor === 1) this.reply.interim(head)
    this.flush()
  }

  answer(head: ResponseHead): void {
    if (this.request === null) return
    this.persist = this.reply.head(head, this.request, this.persist && this.phase === 'answer')
    if (this.halfClosed) this.reply.doubtWithin(this.place.settings.halfClosed)
  }

  piece(bytes: Buffer, start: number, end: number, source: Channel | null): void { this.reply.piece(bytes, start, end, source) }

  finish(trailers: string): void {
    this.reply.finish(trailers)
    this.over()
  }

  problem(name: ProblemName, detail: Detail): void {
    this.persist = this.reply.problem(name, this.request, detail, this.persist && this.phase === 'answer')
    this.over()
  }

  breakOff(): void {
    this.exchange = null
    this.channel.flush()
    this.channel.reset()
  }

  tunnel(head: ResponseHead, upstream: Channel, early: Buffer, over: () => void): void {
    this.reply.switching(head, early)
    this.phase = 'tunnel'
    this.deadline = Infinity
    new Tunnel(this.channel, upstream, { ...this.place, over: () => { over(); this.closed() } }).begin(this.intake.take(), this.halfClosed)
  }

  private over(): void {
    this.exchange = this.request = this.reader = null
    this.channel.setBulk(false)
    if (!this.persist || this.place.leaving) return this.close()
    this.phase = 'idle'
    this.within(this.place.settings.keepAlive)
    this.flush()
    if (!this.stuck && (this.intake.holds || this.halfClosed || this.channel.paused)) this.pump()
  }

  private refuse(name: Refusal | ProblemName, text = ''): number {
    this.reply.refusal(name, text)
    this.close()
    return -1
  }

  /** Ends our direction; a reset that followed unread bytes could take the answer with it, so those are read for a while. */
  private close(): void {
    if (this.phase === 'gone') return
    this.phase = 'linger'
    this.intake.take()
    this.channel.end()
    this.within(this.stuck ? this.place.settings.readProgress : this.place.settings.linger)
    this.channel.resume()
  }

  /** The relay is leaving: what is idle ends, what is under way is the last. */
  retire(): void {
    this.persist = false
    if (this.isIdle) this.close()
  }

  destroy(): void { this.channel.destroy() }
  drained(): void {
    if (this.phase === 'answer') this.deadline = Infinity
    else if (this.phase === 'linger') this.within(this.place.settings.linger)
    this.exchange?.readable()
    if (this.phase === 'idle' || this.phase === 'head') this.pump()
  }

  ended(): void {
    this.halfClosed = true
    if (this.isIdle && !this.intake.holds) return this.close()
    if (this.phase === 'head' || this.phase === 'foretaste' || this.phase === 'body') return this.channel.destroy()
    if (this.appetite === 'later') this.doubt()
  }

  /** Half-closed or gone? HTTP/1.1 can be asked. A response under way goes on, however long its upstream is silent (`responseProgress`). */
  private doubt(): void {
    const { halfClosed } = this.place.settings
    if (this.exchange?.answered === 'head') this.reply.doubtWithin(halfClosed)
    else if (this.request?.minor === 0) this.channel.destroy()
    else this.reply.doubt(halfClosed)
  }

  overdue(): void {
    switch (this.phase) {
      case 'head': this.refuse('too_slow'); return
      case 'foretaste': case 'body': this.spoil('too_slow'); return
      case 'idle': this.close(); return
      default: return this.stuck && this.pace.isRead ? this.within(this.place.settings.readProgress) : this.channel.destroy()
    }
  }

  closed(): void {
    if (this.phase === 'gone') return
    const { exchange } = this
    this.phase = 'gone'
    this.exchange = null
    this.intake.take()
    this.reply.stop()
    exchange?.abandon()
    this.place.gone(this)
  }
}
