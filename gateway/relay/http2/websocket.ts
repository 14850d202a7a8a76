// A WebSocket opened by extended CONNECT (RFC 8441), whose upstream side is an HTTP/1.1 upgrade. Made by stream.ts after a 101.
import { createHash } from 'node:crypto'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { valueOf, without } from '../message/fields.ts'
import type { Channel, Receiver } from '../channel.ts'
import type { Clock, Timed } from '../clock.ts'
import type { RequestHead } from '../message/request.ts'
import type { ResponseHead } from '../message/response.ts'
import type { Settings } from '../settings.ts'

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const ACCEPT = new Set(['sec-websocket-accept'])

/** Whether a 101 answers our key (RFC 6455 section 4.2.2); the proof is ours and goes no further. */
export function accepts(head: ResponseHead, request: RequestHead): boolean {
  const wanted = createHash('sha1').update(valueOf(request.text, 'sec-websocket-key') + MAGIC).digest('base64')
  const given = valueOf(`\r\n${head.fields}`, 'sec-websocket-accept')
  head.fields = without(head.fields, ACCEPT)
  return given === wanted
}

/** Bytes both ways until both sides have ended: END_STREAM is the visitor's FIN; a reset of the stream closes the upstream, a lost upstream resets the stream. */
export class WebSocketTunnel implements Receiver, Timed {
  deadline: number
  private state: 'open' | 'over' = 'open'
  private readonly stream: ServerHttp2Stream
  private readonly upstream: Channel
  private readonly parts: { settings: Settings; clock: Clock; over: () => void }

  constructor(stream: ServerHttp2Stream, upstream: Channel, parts: { settings: Settings; clock: Clock; over: () => void }) {
    this.stream = stream
    this.upstream = upstream
    this.parts = parts
    this.deadline = parts.clock.now + parts.settings.tunnelIdle
    parts.clock.watch(this)
    upstream.receiver = this
  }

  /** `early`: what the upstream sent after its head. */
  begin(early: Buffer): void {
    if (early.length > 0) this.received(early, early.length)
    this.stream.on('data', (bytes: Buffer) => this.sent(bytes)).on('end', () => { if (!this.stream.aborted) this.upstream.end() })
    this.upstream.resume()
  }

  private moved(): void { this.deadline = this.parts.clock.now + this.parts.settings.tunnelIdle }

  private sent(bytes: Buffer): void {
    this.moved()
    this.upstream.putBytes(bytes, 0, bytes.length, null)
    this.upstream.flush()
    if (this.upstream.stuck) this.stream.pause()
  }

  received(bytes: Buffer, end: number): void {
    this.moved()
    if (this.stream.destroyed || this.stream.write(Buffer.from(bytes.subarray(0, end)))) return
    this.upstream.pause()
    this.stream.once('drain', () => { this.moved(); this.upstream.resume() })
  }

  drained(): void {
    this.moved()
    if (!this.stream.destroyed) this.stream.resume()
  }

  ended(): void { this.stream.end() }

  /** The upstream is gone: what it sent is on its way, and after a reset the stream is reset as well. */
  closed(cause: Error | null): void {
    if (cause !== null || !this.stream.writableEnded) this.stream.close(constants.NGHTTP2_CONNECT_ERROR)
    this.cut()
  }

  overdue(): void {
    this.stream.close(constants.NGHTTP2_CANCEL)
    this.cut()
  }

  /** The stream is gone. */
  cut(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.parts.clock.forget(this)
    if (!this.upstream.gone) this.upstream.destroy()
    this.parts.over()
  }
}
