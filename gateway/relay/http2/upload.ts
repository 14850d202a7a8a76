// A request's body as it comes on a stream: a foretaste of it first, then all when it is wanted, counted, with its trailers. One for each stream that has one, made by stream.ts.
import { readTrailers } from '../message/body.ts'
import type { ServerHttp2Stream } from 'node:http2'
import type { Settings } from '../settings.ts'

/** Whoever takes the body. */
export interface Taker {
  /** Some of the body has come ahead; returns whether that is enough to believe in the rest. */
  bodyAhead(bytes: number): boolean
  bodyTasted(): void
  bodyBytes(bytes: Buffer): void
  bodyOver(trailers: string): void
  /** More or less came than was announced, or the trailers are malformed. */
  bodySpoiled(): void
}

export class Upload {
  /** tasting: its beginning is awaited, and kept. unread: not wanted yet. reading: it comes, unless paused. over. */
  state: 'tasting' | 'unread' | 'reading' | 'over' = 'unread'
  private ahead: Buffer[] = []
  private kept = 0
  private left: number
  private trailers: string | null = ''
  /** Whether all of it has come. */
  reach: 'more' | 'end' = 'more'
  private readonly stream: ServerHttp2Stream
  private readonly taker: Taker

  /** `length`: the bytes announced, or a negative number. */
  constructor(stream: ServerHttp2Stream, length: number, taker: Taker, settings: Settings) {
    this.stream = stream
    this.taker = taker
    this.left = length < 0 ? Infinity : length
    stream.on('trailers', (_fields: unknown, _flags: unknown, list: string[]) => { this.trailers = trailersOf(list, settings) })
  }

  /** Bytes kept, here and in the stream. */
  get held(): number { return this.kept + this.stream.readableLength }

  /** Waits for the foretaste; `bodyTasted` follows. */
  taste(): void {
    this.state = 'tasting'
    this.listen()
  }

  private listen(): void {
    this.stream.on('data', (bytes: Buffer) => this.data(bytes)).on('end', () => this.end())
  }

  /** The body is wanted: what was kept of it comes first. */
  start(): void {
    if (this.state !== 'unread') return
    this.state = 'reading'
    if (this.stream.listenerCount('data') === 0) return this.listen()
    this.stream.resume()
    this.giveAhead()
    if (this.reach === 'end') this.finish()
  }

  private giveAhead(): void {
    const { ahead } = this
    this.ahead = []
    this.kept = 0
    for (const bytes of ahead) if (this.state === 'reading') this.taker.bodyBytes(bytes)
  }

  private data(bytes: Buffer): void {
    if (this.state === 'over') return
    this.left -= bytes.length
    if (this.left < 0) this.spoil()
    else if (this.state === 'reading') this.taker.bodyBytes(bytes)
    else this.keep(bytes)
  }

  private keep(bytes: Buffer): void {
    this.ahead.push(bytes)
    this.kept += bytes.length
    const isEnough = this.taker.bodyAhead(bytes.length)
    if ((isEnough || this.left === 0) && this.state === 'tasting') this.tasted()
  }

  private tasted(): void {
    this.state = 'unread'
    this.stream.pause()
    this.taker.bodyTasted()
  }

  /** A stream that is reset ends as well; that is no end of its body. */
  private end(): void {
    if (this.state === 'over' || this.stream.aborted || this.stream.destroyed) return
    if (this.trailers === null || (this.left > 0 && this.left !== Infinity)) return this.spoil()
    this.reach = 'end'
    if (this.state === 'reading') this.finish()
    else if (this.state === 'tasting') this.tasted()
  }

  private finish(): void {
    if (this.state !== 'reading') return
    this.state = 'over'
    this.taker.bodyOver(this.trailers ?? '')
  }

  private spoil(): void {
    this.state = 'over'
    this.taker.bodySpoiled()
  }

  /** Drops what still comes. */
  drop(): void {
    this.state = 'over'
    this.ahead = []
    this.kept = 0
    this.stream.resume()
  }
}

/** The kept fields of a trailer section, as lines; null where it is malformed. */
export function trailersOf(list: readonly string[], settings: Settings): string | null {
  let section = ''
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (name.includes(':') || value.includes('\n')) return null
    section += `${name}: ${value}\r\n`
  }
  return section.length > settings.trailers ? null : readTrailers(section, settings)
}
