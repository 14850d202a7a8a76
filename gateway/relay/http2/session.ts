// A visitor's HTTP/2 connection: a stream for each request, bounds on what all of them may cost. Made by serve.ts.
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { Budget } from './budget.ts'
import { Excess } from './excess.ts'
import { Reader } from './request.ts'
import { Stock } from './stock.ts'
import { Stream, type Owner } from './stream.ts'
import type { Guest, Place } from '../place.ts'
import type { Origin } from '../message/forwarded.ts'
import type { Socket } from 'node:net'

/** open: takes requests. leaving: those under way are the last. ending: it will be destroyed in a moment. gone. */
type Phase = 'open' | 'leaving' | 'ending' | 'gone'

export class Session implements Guest, Owner {
  /** Looked at with every sweep of the clock, for all its streams. */
  readonly deadline = 0
  private phase: Phase = 'open'
  /** When it ends, while no stream is open. */
  private until: number
  readonly stock: Stock
  private readonly streams = new Set<Stream>()
  /** Streams that came while it ends, and are not looked at. */
  private readonly late: ServerHttp2Stream[] = []
  private windows: 'wide' | 'narrow' = 'wide'
  private readonly resets: Budget
  private readonly frames: Budget
  private readonly excess: Excess
  private readonly reader: Reader
  private readonly session: ServerHttp2Session
  private readonly socket: Socket
  private readonly origin: Origin
  private readonly place: Place

  constructor(session: ServerHttp2Session, socket: Socket, origin: Origin, place: Place) {
    this.session = session
    this.socket = socket
    this.origin = origin
    this.place = place
    this.stock = new Stock(place.settings, () => this.roomChanged())
    this.reader = new Reader(origin, place.settings)
    this.until = place.clock.now + place.settings.headTimeout
    this.resets = new Budget(place.clock, place.settings.resets)
    this.frames = new Budget(place.clock, place.settings.controlFrames)
    this.excess = new Excess(socket, place)
    this.listen()
  }

  private listen(): void {
    this.session.on('stream', (stream: ServerHttp2Stream, _fields: unknown, flags: number, list: readonly string[]) => this.begin(stream, flags, list))
    this.session.on('ping', () => this.spend(this.frames)).on('remoteSettings', () => this.settled()).on('localSettings', () => this.fit())
    this.session.on('error', () => {}).on('close', () => this.gone())
    // Nobody half-closes an HTTP/2 connection: the visitor has left.
    this.socket.once('end', () => this.destroy()).once('close', () => this.gone())
  }

  /** A peer that has said how it wants to be spoken to may then be silent as long as a kept-alive one. */
  private settled(): void {
    this.spend(this.frames)
    if (this.phase === 'open') this.rest()
  }

  private begin(node: ServerHttp2Stream, flags: number, list: readonly string[]): void {
    // A stream that came with the end of its session fails in a moment: unheard, that would end the process.
    node.on('error', () => {})
    if (this.isOver) this.late.push(node)
    if (node.destroyed || node.closed || this.isOver) return this.spend(this.resets)
    const whole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    const request = this.reader.read(list, whole)
    this.explain(this.reader.text.length)
    const stream = new Stream(node, typeof request === 'string' ? null : request, this.origin, { place: this.place, owner: this })
    this.streams.add(stream)
    if (typeof request === 'string') stream.refuse(request, this.reader.text)
    else stream.start(request, whole)
    if (!whole) this.fit()
  }

  private roomChanged(): void {
    for (const stream of this.streams) stream.roomChanged()
  }

  // Bodies: a stream's window is what a visitor may send of one that nobody takes yet. Where there are many, they get small ones.

  private get narrow(): number { return Math.floor(this.place.settings.sessionBytes / this.place.settings.streams / 2) }

  get foretaste(): number { return this.windows === 'wide' ? this.place.settings.ahead : Math.min(this.narrow, this.place.settings.ahead) }

  private get uploads(): number {
    let uploads = 0
    for (const stream of this.streams) if (stream.isUpload) uploads++
    return uploads
  }

  /** A visitor who has not acknowledged the last change is not sent another. */
  private fit(): void {
    const { uploads } = this
    const wanted = uploads > this.place.settings.sessionBytes / WIDE / 2 ? 'narrow' : uploads === 0 ? 'wide' : this.windows
    if (this.phase !== 'open' || wanted === this.windows || this.session.pendingSettingsAck || this.session.destroyed) return
    this.windows = wanted
    this.session.settings({ initialWindowSize: wanted === 'wide' ? WIDE : this.narrow })
  }

  isOverfull(): boolean {
    let held = 0
    for (const stream of this.streams) held += stream.held
    return held > this.place.settings.sessionBytes
  }

  /** A stream is gone. `early`: the visitor took back a request that was being served, which costs us more than it costs them. */
  ended(stream: Stream, early: boolean): void {
    this.streams.delete(stream)
    if (early) this.spend(this.resets)
    if (this.windows === 'narrow') this.fit()
    if (this.streams.size === 0) this.rest()
  }

  /** So many bytes came for something. */
  explain(bytes: number): void { this.excess.explain(bytes) }

  private spend(budget: Pick<Budget, 'spend'>): void {
    if (budget.spend() || this.isOver || this.session.destroyed) return
    this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    this.over(() => this.session.destroy(new Error('too much of one kind'), constants.NGHTTP2_ENHANCE_YOUR_CALM))
  }

  private rest(): void {
    this.until = this.place.clock.now + (this.phase === 'open' ? this.place.settings.keepAlive : this.place.settings.linger)
  }

  overdue(): void {
    const { now } = this.place.clock
    this.spend(this.excess)
    for (const stream of this.streams) {
      if (stream.deadline <= now) stream.overdue()
      if (stream.held > 0 && this.isOverfull()) stream.crowd()
    }
    if (this.streams.size > 0 || this.until > now) return
    if (this.phase === 'open') this.retire()
    else if (this.phase === 'leaving') this.destroy()
    // What it was told last doesn't leave.
    else this.socket.destroy()
  }

  /** GOAWAY: what is under way is the last. */
  retire(): void {
    if (this.phase !== 'open') return
    this.phase = 'leaving'
    this.rest()
    this.session.close()
  }

  destroy(): void {
    this.over(() => {
      this.session.destroy()
      this.socket.destroy()
    })
  }

  private get isOver(): boolean { return this.phase === 'ending' || this.phase === 'gone' }

  /**
   * Ends it outside of whatever is being read, and first the streams that were not closed before. Of one that was, Node forgets what it still has to send together with the stream, and
   * would write it as empty frames without end at the next reset of another one.
   */
  private over(destroy: () => void): void {
    if (this.isOver) return
    this.phase = 'ending'
    this.rest()
    setImmediate(() => {
      for (const stream of this.streams) if (stream.open) stream.destroy()
      for (const node of this.late) if (!node.closed) node.destroy()
      destroy()
    })
  }

  private gone(): void {
    if (this.phase === 'gone') return
    this.phase = 'gone'
    for (const stream of this.streams) stream.destroy()
    this.place.gone(this)
  }
}

/** The window streams have unless another is set (RFC 9113 section 6.9.2). */
const WIDE = 65_535
