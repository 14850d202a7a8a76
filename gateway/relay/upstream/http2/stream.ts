// One request to an HTTP/2 upstream: the upstream's side of an exchange, on a stream. Made by session.ts.
import { constants, type ClientHttp2Stream } from 'node:http2'
import { trailerFields } from '../../http2/response.ts'
import { trailersOf } from '../../http2/upload.ts'
import { CHUNKED, NONE, type RequestHead } from '../../message/request.ts'
import { readAnswer } from './answer.ts'
import { requestList } from '../request.ts'
import { Begun } from '../begun.ts'
import { INTERIMS } from '../connection.ts'
import type { Clock, Timed } from '../../clock.ts'
import type { Exchange } from '../../exchange.ts'
import type { ProblemName } from '../../problems.ts'
import type { Settings } from '../../settings.ts'
import type { UpstreamSession } from './session.ts'
import type { UpstreamSide } from '../side.ts'

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_REFUSED_STREAM } = constants

export class UpstreamStream implements UpstreamSide, Timed {
  deadline = Infinity
  private state: 'awaiting' | 'body' | 'over' = 'awaiting'
  private node: ClientHttp2Stream | null = null
  private interims = 0
  /** Bytes of the response's body still to come; Infinity where nobody said how many. */
  private left = 0
  private trailers: string | null = ''
  private requestTrailers = ''
  /** Until the response begins, unless the body is too large for it. */
  private begun: Begun | null = new Begun()
  /** How the response's direction has ended. */
  private tail: 'open' | 'ended' | 'cut' = 'open'
  private readonly exchange: Exchange
  private readonly session: UpstreamSession
  private readonly settings: Settings
  private readonly clock: Clock

  constructor(exchange: Exchange, session: UpstreamSession, settings: Settings, clock: Clock) {
    this.exchange = exchange
    this.session = session
    this.settings = settings
    this.clock = clock
    clock.watch(this)
  }

  get origin(): string { return this.session.origin }
  get stuck(): boolean { return this.node?.writableNeedDrain === true }

  // The request.

  sendHead(request: RequestHead, own: string): void {
    const hasBody = request.length > 0 || request.length === CHUNKED
    this.expectProgress()
    const node = this.node = this.session.request(requestList(request, own), hasBody)
    if (node === null) return void setImmediate(() => this.closed())
    this.watchEnd(node)
    node.on('headers', (_fields: unknown, _flags: unknown, list: string[]) => this.interim(list))
    node.on('response', (_fields: unknown, flags: number, list: string[]) => this.answer(list, flags))
    node.on('trailers', (_fields: unknown, _flags: unknown, list: string[]) => { this.trailers = trailersOf(list, this.settings) })
    node.on('data', (bytes: Buffer) => this.data(bytes)).on('end', () => this.end())
    node.on('drain', () => this.drained()).on('wantTrailers', () => node.sendTrailers(trailerFields(this.requestTrailers)))
    node.on('error', () => {}).on('close', () => setImmediate(() => this.closed()))
  }

  /** Node ends a stream's readable side alike at END_STREAM and at a reset without an error; only the second finds it closed already. */
  private watchEnd(node: ClientHttp2Stream): void {
    const push = node.push.bind(node)
    node.push = (chunk, encoding) => {
      if (chunk === null && this.tail === 'open') this.tail = node.closed ? 'cut' : 'ended'
      return push(chunk, encoding)
    }
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    const piece = Buffer.from(bytes.subarray(start, end))
    if (this.node?.writable === true) this.node.write(piece)
    this.keep(piece)
    this.expectProgress()
  }

  private keep(piece: Buffer): void {
    this.begun?.add(piece)
    if (this.begun !== null && this.begun.size > this.settings.resend) this.begun = null
  }

  /** The stream asks for the trailers once the body has left, and does not end before. */
  sendEnd(trailers: string): void {
    this.requestTrailers = trailers
    this.begun?.end(trailers)
    if (this.node?.writable === true) this.node.end()
  }

  /** In a response under way the visitor's part of a conversation counts as well. */
  expectProgress(): void {
    if (this.state !== 'over') this.deadline = this.clock.now + (this.state === 'awaiting' ? this.settings.responseTimeout : this.settings.responseProgress)
  }

  private drained(): void {
    this.expectProgress()
    if (this.state !== 'over') this.exchange.drained()
  }

  pause(): void { this.node?.pause() }
  resume(): void { this.node?.resume() }
  flush(): void {}

  // The response.

  private interim(list: string[]): void {
    if (this.state === 'over') return
    const head = this.state === 'awaiting' ? readAnswer(list, this.exchange.asked(this), this.settings) : null
    // 101 has no meaning in HTTP/2 (RFC 9113 section 8.6).
    if (head === null || head.status >= 200 || head.status === 101 || ++this.interims > INTERIMS) return this.fail('bad_answer')
    this.exchange.interim(head)
  }

  private answer(list: string[], flags: number): void {
    if (this.state === 'over') return
    const head = this.state === 'awaiting' ? readAnswer(list, this.exchange.asked(this), this.settings) : null
    if (head === null || head.status < 200) return this.fail('bad_answer')
    const whole = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    if (whole && head.length > 0) return this.fail('bad_answer')
    this.state = 'body'
    this.begun = null
    this.expectProgress()
    this.left = head.length === CHUNKED ? Infinity : head.length === NONE ? 0 : head.length
    this.exchange.answer(head)
    if (whole) this.complete('')
    else this.exchange.settle()
  }

  private data(bytes: Buffer): void {
    if (this.state === 'over') return
    this.left -= bytes.length
    if (this.state !== 'body' || this.left < 0) return this.fail('bad_answer')
    this.expectProgress()
    this.exchange.piece(bytes, 0, bytes.length, null)
    this.exchange.settle()
  }

  /** A reset ends the readable side, too: what happened to the stream is then said when it is closed. */
  private end(): void {
    if (this.state !== 'body' || this.tail === 'cut') return
    if (this.trailers === null || (this.left > 0 && this.left !== Infinity)) this.fail('bad_answer')
    else this.complete(this.trailers)
  }

  private complete(trailers: string): void {
    const { exchange } = this
    this.over()
    // What is left of the request nobody waits for any more.
    if (exchange.sent !== 'whole') this.reset(NGHTTP2_CANCEL)
    exchange.end(trailers)
    exchange.settle()
  }

  // The end.

  private over(): void {
    this.state = 'over'
    this.begun = null
    this.deadline = Infinity
    this.clock.forget(this)
    this.node?.resume()
  }

  private fail(problem: ProblemName, code = NGHTTP2_PROTOCOL_ERROR): void {
    this.over()
    this.reset(code)
    this.exchange.failed(problem)
    this.exchange.settle()
  }

  /** Not while nghttp2 reads: see session.ts. */
  private reset(code: number): void { setImmediate(() => this.node?.close(code)) }

  overdue(): void {
    this.session.doubt()
    this.fail('no_answer', NGHTTP2_CANCEL)
  }

  close(): void {
    if (this.state === 'over') return
    this.over()
    this.node?.close(NGHTTP2_CANCEL)
  }

  /** The stream is gone: says so to the exchange, by what may have happened to its request. */
  private closed(): void {
    this.session.ended(this)
    if (this.state === 'over') return
    const { state, exchange, begun } = this
    this.over()
    if (state === 'awaiting' && this.isUntouched) exchange.spared(begun)
    else if (state === 'awaiting' && this.interims === 0 && this.session.isLost) exchange.stale()
    else exchange.failed('unreachable')
    exchange.settle()
  }

  /** Whether the upstream has not looked at the request, by its own word (RFC 9113 sections 6.8 and 8.7) or because it never left. */
  private get isUntouched(): boolean {
    const { node } = this
    if (node === null || node.id === undefined) return true
    return this.interims === 0 && (node.rstCode === NGHTTP2_REFUSED_STREAM || node.id > this.session.last)
  }
}
