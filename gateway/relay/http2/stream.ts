// One request over HTTP/2: the visitor's side of an exchange, on a stream. Made by session.ts.
import { constants, type ServerHttp2Stream } from 'node:http2'
import { Exchange, type Asker } from '../exchange.ts'
import { Upload, type Taker } from './upload.ts'
import { WebSocketTunnel, accepts } from './websocket.ts'
import { Reply } from './reply.ts'
import { Pace } from '../http1/pace.ts'
import { hasBody } from '../http1/writer.ts'
import type { Detail } from '../pages.ts'
import type { Channel } from '../channel.ts'
import type { Origin } from '../message/forwarded.ts'
import type { Place } from '../place.ts'
import type { Stock } from './stock.ts'
import { PROBLEMS, type ProblemName } from '../problems.ts'
import type { RequestHead } from '../message/request.ts'
import type { ResponseHead } from '../message/response.ts'

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

/** Whoever has the stream. */
export interface Owner {
  readonly stock: Stock
  /** How much of a body must have come before its request is served. */
  readonly foretaste: number
  /** Told once, when it is gone, and whether that was before its answer. */
  ended(stream: Stream, early: boolean): void
  /** So many bytes of a body came. */
  explain(bytes: number): void
  /** Whether more is kept of bodies than there is room for. */
  isOverfull(): boolean
  /** Ends the whole connection. */
  destroy(): void
}

export class Stream implements Asker, Taker {
  readonly origin: Origin
  /** On the clock; looked at by session.ts. */
  deadline = Infinity
  private exchange: Exchange | null = null
  private upload: Upload | null = null
  private tunnelled: WebSocketTunnel | null = null
  readonly reply: Reply
  /** `mark` when it was cancelled. */
  private marked = -1
  /** How long each piece of the request's body may take. */
  private patience: number
  private readonly request: RequestHead | null
  private readonly stream: ServerHttp2Stream
  private readonly place: Place
  private readonly owner: Owner
  private readonly pace: Pace

  constructor(stream: ServerHttp2Stream, request: RequestHead | null, origin: Origin, parts: { place: Place; owner: Owner }) {
    this.stream = stream
    this.request = request
    this.origin = origin
    this.place = parts.place
    this.patience = parts.place.settings.bodyProgress
    this.owner = parts.owner
    this.reply = new Reply(stream, parts.owner.stock, this)
    this.pace = new Pace(this.reply, parts.place)
    // A reset is reported as an error, too; `aborted` and `close` have said all there is to say.
    stream.on('error', () => {}).on('aborted', () => this.left()).on('close', () => this.gone())
  }

  /** Serves the request. `whole`: it has no body to come. A body may come as it likes where it occupies no connection of its own: messages, as in gRPC. */
  start(request: RequestHead, whole: boolean): void {
    if (!whole && request.upgrade === '') this.upload = new Upload(this.stream, request.length, this, this.place.settings)
    if (this.upload === null || request.expects || !hasBody(request)) return this.serve(request)
    if (this.place.host.isShared(request.host)) this.patience = this.place.settings.responseProgress
    if (!this.place.host.isScarce(request.host)) return this.serve(request)
    this.within(this.patience)
    this.upload.taste()
  }

  private serve(request: RequestHead): void {
    const again = this.exchange
    const exchange = this.exchange = again ?? new Exchange(request, this, this.place.host)
    exchange.bodyIsHere = this.upload?.reach === 'end'
    if (again === null) this.place.host.serve(exchange)
    else exchange.released()
    exchange.settle()
    if (!hasBody(request)) this.wantBody()
  }

  /** Its client waits for a word before it sends the body, and the site has no connection for that: the word is ours. */
  invite(): void {
    if (this.request === null || this.upload === null || !this.open) return
    this.request.expects = false
    this.reply.proceed()
    this.within(this.patience)
    this.upload.taste()
  }

  /** Answers a request that was not understood. `text` as for `render`. */
  refuse(name: ProblemName, text: string): void {
    this.reply.problem(name, text, {})
    this.wrapUp()
  }

  private within(milliseconds: number): void { this.deadline = this.pace.begin(milliseconds) }

  get open(): boolean { return !this.stream.destroyed && !this.stream.closed }

  // The request's body.

  wantBody(): void {
    if (this.upload === null || this.upload.state !== 'unread') return
    this.within(this.patience)
    this.upload.start()
  }

  get isUpload(): boolean { return this.upload !== null }
  get held(): number { return this.upload?.held ?? 0 }

  bodyAhead(bytes: number): boolean {
    this.owner.explain(bytes)
    if (this.pace.came(bytes)) this.within(this.patience)
    if (this.owner.isOverfull()) this.crowd()
    return this.held >= this.owner.foretaste
  }

  bodyTasted(): void {
    this.deadline = Infinity
    if (this.request !== null && this.open) this.serve(this.request)
  }

  /** The connection keeps too much of bodies that nobody takes yet. */
  crowd(): void {
    if (this.upload !== null && this.upload.state !== 'over') this.spoil('busy')
  }

  bodyBytes(bytes: Buffer): void {
    this.owner.explain(bytes.length)
    if (this.deadline !== Infinity && (this.pace.came(bytes.length) || this.patience !== this.place.settings.bodyProgress)) this.within(this.patience)
    this.exchange?.body(bytes, 0, bytes.length, null)
    this.exchange?.settle()
  }

  bodyOver(trailers: string): void {
    this.deadline = Infinity
    this.exchange?.bodyEnd(trailers)
    this.exchange?.settle()
  }

  bodySpoiled(): void { this.spoil('malformed') }

  holdBody(): void {
    if (this.upload?.state !== 'reading') return
    this.deadline = Infinity
    this.stream.pause()
  }

  resumeBody(): void {
    if (this.upload?.state !== 'reading') return
    this.within(this.patience)
    this.stream.resume()
  }

  /** The body won't come to its end: the upstream must not take what it has for a whole request. */
  private spoil(why: 'malformed' | 'too_slow' | 'busy'): void {
    const { exchange } = this
    this.exchange = null
    exchange?.abandon(PROBLEMS[why].status)
    if (this.reply.state === 'no') this.problem(why, {})
    else this.breakOff()
  }

  // The response.

  interim(head: ResponseHead): void { this.reply.interim(head) }

  /** An answer of 2xx to an extended CONNECT would be taken for an open tunnel. */
  answer(head: ResponseHead): void {
    if (this.request?.upgrade !== '' && head.status < 300) {
      this.left()
      return this.problem('bad_answer', {})
    }
    if (head.major === 2) this.converse()
    this.reply.head(head)
  }

  /** Over HTTP/2 on both sides a response may begin long before the request has ended: either may then pause as long as a response. */
  private converse(): void {
    this.patience = this.place.settings.responseProgress
    this.expectBody()
  }

  private expectBody(): void {
    if (this.upload?.state === 'reading' && !this.stream.isPaused()) this.within(this.patience)
  }

  piece(bytes: Buffer, start: number, end: number): void { this.reply.piece(bytes, start, end) }
  get stuck(): boolean { return this.reply.stuck }
  /** Whatever leaves the connection counts, for this stream may have to wait for others. */
  get mark(): number { return this.owner.stock.taken }

  /** Sends what waits; the response goes on. */
  flush(): void {
    const hasWritten = this.reply.flush()
    if (hasWritten && this.patience !== this.place.settings.bodyProgress) this.expectBody()
    if (this.stuck && this.exchange !== null && (hasWritten || this.deadline === Infinity)) this.within(this.place.settings.readProgress)
  }

  /** The stream may go on, or has to wait, by what it and others hold. */
  roomChanged(): void {
    const { exchange } = this
    if (exchange === null) return
    if (this.stuck) return exchange.settle()
    this.deadline = Infinity
    this.expectBody()
    exchange.readable()
  }

  finish(trailers: string): void {
    this.exchange = null
    this.reply.finish(trailers)
    this.wrapUp()
  }

  /** What is sent must be read in time. */
  private wrapUp(): void {
    this.within(this.place.settings.readProgress)
    if (this.reply.isPlain) this.enough()
  }

  /** A body that nobody waits for any more is turned off once the answer is on its way (RFC 9113 section 8.1). */
  enough(): void {
    if (this.upload === null || this.upload.state === 'over') return
    this.upload.drop()
    this.reset(NGHTTP2_NO_ERROR)
  }

  problem(name: ProblemName, detail: Detail): void {
    this.exchange = null
    this.reply.problem(name, this.request?.text ?? '', detail)
    this.wrapUp()
  }

  breakOff(): void {
    this.exchange = null
    this.reply.drop()
    this.reset(NGHTTP2_INTERNAL_ERROR)
  }

  /** A 101 becomes a 200, and the stream a tunnel (RFC 8441 section 5). */
  tunnel(head: ResponseHead, upstream: Channel, early: Buffer, over: () => void): void {
    this.exchange = null
    if (!this.open || this.request === null || !accepts(head, this.request)) {
      upstream.destroy()
      over()
      return this.problem('bad_answer', {})
    }
    this.reply.opened(head)
    this.tunnelled = new WebSocketTunnel(this.stream, upstream, { settings: this.place.settings, clock: this.place.clock, over: () => { over(); this.within(this.place.settings.readProgress) } })
    this.stream.on('data', (bytes: Buffer) => this.owner.explain(bytes.length))
    this.tunnelled.begin(early)
  }

  // The end.

  /** The visitor has reset the stream, or is gone: whatever goes on for it ends now. */
  private left(): void {
    const { exchange } = this
    this.exchange = null
    exchange?.abandon()
  }

  private gone(): void {
    this.left()
    this.upload = null
    this.reply.gone()
    this.tunnelled?.cut()
    this.owner.ended(this, this.reply.state !== 'whole')
  }

  overdue(): void {
    const state = this.upload?.state
    if (state === 'tasting' || (state === 'reading' && this.exchange !== null && !this.stuck)) return this.spoil('too_slow')
    if (this.isRead) return this.within(this.place.settings.readProgress)
    this.left()
    // The last reset has not left either: nothing of this connection is read.
    if (this.marked === this.mark) return this.owner.destroy()
    this.marked = this.mark
    this.reset(NGHTTP2_CANCEL)
  }

  /** A reset waits for what is to be sent before it, so that it has a deadline, too. */
  private reset(code: number): void {
    this.within(this.place.settings.readProgress)
    this.stream.close(code)
  }

  /** Whether the visitor reads; where this stream only waits for others, it is they who have to be read. */
  private get isRead(): boolean { return this.pace.isRead || (this.exchange !== null && this.reply.unsent === 0 && this.stuck) }

  destroy(): void { this.stream.destroy() }
}
