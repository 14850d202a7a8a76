// What goes to a visitor on a stream: an upstream's response, or an answer of our own. One for each stream, made and called by stream.ts.
import type { ServerHttp2Stream } from 'node:http2'
import { answerList, interimFields, responseList, trailerFields, type List } from './response.ts'
import { render, type Detail } from '../pages.ts'
import type { ProblemName } from '../problems.ts'
import type { ResponseHead } from '../message/response.ts'
import type { Stock } from './stock.ts'

/** Whoever has the reply. */
export interface Replier {
  /** Some of what was held has been sent. */
  roomChanged(): void
  /** The answer and its trailers are on their way. */
  enough(): void
}

export class Reply {
  state: 'no' | 'begun' | 'whole' = 'no'
  /** Bytes of the answer that the stream holds. */
  unsent = 0
  /** Whether it ended together with its head, or without trailers: nothing of it is still to be put together. */
  isPlain = false
  /** A head that isn't sent yet, and what of the body came since the last write. */
  private waiting: ResponseHead | null = null
  private readonly pieces: Buffer[] = []
  private trailers = ''
  private readonly stream: ServerHttp2Stream
  private readonly stock: Stock
  private readonly replier: Replier

  constructor(stream: ServerHttp2Stream, stock: Stock, replier: Replier) {
    this.stream = stream
    this.stock = stock
    this.replier = replier
  }

  private get open(): boolean { return !this.stream.destroyed && !this.stream.closed }

  /** Whether the stream itself takes no more for now. */
  get isFilled(): boolean { return this.stream.writableNeedDrain }

  get stuck(): boolean {
    const { room } = this.stock
    return this.isFilled || room === 'none' || (room === 'little' && this.unsent > 0)
  }

  private weigh(now: number): void {
    const more = now - this.unsent
    this.unsent = now
    if (more !== 0) this.stock.add(more)
  }

  interim(head: ResponseHead): void {
    if (this.open && !this.stream.headersSent) this.stream.additionalHeaders(interimFields(head))
  }

  /** 100, from us. */
  proceed(): void { this.stream.additionalHeaders({ ':status': 100 }) }

  head(head: ResponseHead): void {
    this.waiting = head
    this.state = 'begun'
  }

  piece(bytes: Buffer, start: number, end: number): void { this.pieces.push(Buffer.from(bytes.subarray(start, end))) }

  /** What came of the body since the last write; null where that is nothing. */
  private take(): Buffer | null {
    const { pieces } = this
    const [first = null] = pieces
    const body = pieces.length > 1 ? Buffer.concat(pieces) : first
    if (first !== null) pieces.length = 0
    return body
  }

  /** Sends what waits; the response goes on. Whether anything did. */
  flush(): boolean {
    if (!this.open || (this.waiting === null && this.pieces.length === 0)) return false
    const body = this.take()
    if (this.waiting !== null) this.respond(responseList(this.waiting), { waitForTrailers: true })
    if (body !== null) this.write(body)
    return true
  }

  private write(body: Buffer): void {
    this.stream.write(body, error => { if (!error) this.written() })
    this.weigh(this.stream.writableLength)
  }

  private written(): void {
    this.weigh(this.stream.writableLength)
    this.replier.roomChanged()
  }

  /** Sends a head. With `waitForTrailers` the stream asks for them once its body has ended, and does not end before. */
  private respond(list: List, options: { waitForTrailers?: boolean; endStream?: boolean }): void {
    this.waiting = null
    this.stream.respond(list, { ...SILENT, ...options })
    if (options.waitForTrailers === true) this.stream.once('wantTrailers', () => this.sendTrailers())
  }

  private sendTrailers(): void {
    if (!this.open) return
    this.stream.sendTrailers(trailerFields(this.trailers))
    setImmediate(() => this.replier.enough())
  }

  finish(trailers: string): void {
    const head = this.waiting
    const body = this.take()
    this.trailers = trailers
    this.state = 'whole'
    this.isPlain = head !== null && trailers === ''
    if (!this.open) return
    if (head !== null && body === null && trailers === '') return this.respond(responseList(head), { endStream: true })
    if (head !== null) this.respond(responseList(head), trailers === '' ? {} : { waitForTrailers: true })
    this.end(body)
  }

  private end(body: Buffer | null): void {
    if (body === null) this.stream.end()
    else this.stream.end(body)
    this.weigh(this.stream.writableLength)
  }

  /** An answer of our own. `text` as for `render`. */
  problem(name: ProblemName, text: string, detail: Detail): void {
    const answer = render(name, text, detail)
    this.state = 'whole'
    this.isPlain = true
    if (!this.open) return
    if (text.startsWith('HEAD ')) return this.respond(answerList(answer), { endStream: true })
    this.respond(answerList(answer), {})
    this.end(Buffer.from(answer.body, 'latin1'))
  }

  /** The stream becomes a tunnel. */
  opened(head: ResponseHead): void {
    this.state = 'whole'
    this.respond(responseList(head, 200), {})
  }

  /** There will be no more of it. */
  drop(): void {
    this.waiting = null
    this.pieces.length = 0
    this.state = 'whole'
  }

  gone(): void { this.weigh(0) }
}

/** Date is left to the upstream; the types don't know the option. */
const SILENT: object = { sendDate: false }
