// HTTP/2 for the relay's tests: a door that speaks it by prior knowledge, clients, and raw frames with literal header fields.
import { connect as connectH2, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { Origin, trustList } from '../../../gateway/relay/message/forwarded.ts'
import { serveHttp2 } from '../../../gateway/relay/http2/serve.ts'
import type { Guest, Place } from '../../../gateway/relay/place.ts'
import type { Relay, RelayOptions } from '../../../gateway/relay/relay.ts'
import { relayWith, type Running } from './house.ts'
import type { Route } from '../../../registry/types.ts'

export type Door = Running & { h2: number; guests: Set<Guest> }

/** A relay with a door where every connection speaks HTTP/2. */
export async function h2With(t: TestContext, routes: Route[], options: RelayOptions & { scheme?: 'http' | 'https' } = {}): Promise<Door> {
  const running = await relayWith(t, routes, options)
  const guests = new Set<Guest>()
  const parts = running.relay as unknown as { place: Place; trusted: ReturnType<typeof trustList> }
  const place: Place = Object.create(parts.place, { gone: { value: (guest: Guest) => { guests.delete(guest); running.relay.clock.forget(guest) } } }) as Place
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    const guest = serveHttp2(socket, new Origin(socket.remoteAddress ?? '', options.scheme ?? 'http', 443, parts.trusted), place)
    guests.add(guest)
    running.relay.clock.watch(guest)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { for (const guest of guests) guest.destroy(); server.close() })
  return { ...running, h2: (server.address() as AddressInfo).port, guests }
}

export function client(t: TestContext, port: number): ClientHttp2Session {
  const session = connectH2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

export type Answer = { status: number; headers: Record<string, unknown>; body: string; trailers: Record<string, unknown> | null; code: number }

/** Sends a request (`:authority` a.test unless given) and resolves when its stream is gone. */
export async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> {
  const stream = session.request({ ':authority': 'a.test', ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answer(stream)
}

export async function answer(stream: ClientHttp2Stream): Promise<Answer> {
  const got: Answer = { status: 0, headers: {}, body: '', trailers: null, code: 0 }
  stream.on('error', () => {})
  stream.on('response', headers => { got.status = Number(headers[':status']); got.headers = headers })
  stream.on('trailers', trailers => { got.trailers = trailers })
  stream.setEncoding('latin1').on('data', (text: string) => { got.body += text })
  if (!stream.destroyed) await new Promise(resolve => stream.once('close', resolve))
  got.code = stream.rstCode ?? 0
  return got
}

export const FRAME = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, goaway: 7, window: 8, continuation: 9 } as const
export const END_STREAM = 1
export const END_HEADERS = 4
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal fields without indexing (RFC 7541 section 6.2.2), strings of any length. */
export function fields(list: [string, string][]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([integer(value.length), Buffer.from(value, 'latin1')])
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value)
  const octets = [127]
  for (value -= 127; value >= 128; value >>>= 7) octets.push(value & 127 | 128)
  return Buffer.from([...octets, value])
}

export const GET: [string, string][] = [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'a.test']]

export function headersFrame(stream: number, list: [string, string][], flags = END_STREAM | END_HEADERS): Buffer {
  return frame(FRAME.headers, flags, stream, fields(list))
}

export function number(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

export type Frame = { type: number; flags: number; stream: number; payload: Buffer }

/** A connection of raw frames. It has sent the preface and empty SETTINGS, or those given. */
export class Frames {
  readonly socket: Socket
  readonly got: Frame[] = []
  state: 'open' | 'closed' = 'open'
  private held = Buffer.alloc(0)
  private wake = (): void => {}

  constructor(t: TestContext, port: number, settings = Buffer.alloc(0)) {
    this.socket = connect({ port, host: '127.0.0.1' })
    this.socket.on('error', () => {}).on('close', () => { this.state = 'closed'; this.wake() })
    this.socket.on('data', (bytes: Buffer) => this.take(bytes))
    this.socket.write(PREFACE, 'latin1')
    this.send(frame(FRAME.settings, 0, 0, settings))
    t.after(() => this.socket.destroy())
  }

  private take(bytes: Buffer): void {
    this.held = Buffer.concat([this.held, bytes])
    for (;;) {
      const size = this.held.length < 9 ? Infinity : this.held.readUIntBE(0, 3)
      if (this.held.length < size + 9) break
      this.got.push({ type: this.held[3] ?? 0, flags: this.held[4] ?? 0, stream: this.held.readUInt32BE(5), payload: this.held.subarray(9, 9 + size) })
      this.held = this.held.subarray(9 + size)
    }
    this.wake()
  }

  send(...frames: Buffer[]): this {
    this.socket.write(Buffer.concat(frames))
    return this
  }

  /** The first frame that passes `test`; throws if the connection ends before. */
  async until(test: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.got.find(test)
      if (found !== undefined) return found
      if (this.state === 'closed') throw new Error(`closed before it came: ${this.got.map(({ type, stream, payload }) => `${type}/${stream}:${payload.toString('hex', 0, 16)}`).join(' ')}`)
      await new Promise<void>(resolve => { this.wake = resolve })
    }
  }

  /** The code of the RST_STREAM of a stream. */
  async reset(stream: number): Promise<number> { return (await this.until(({ type, stream: id }) => type === FRAME.reset && id === stream)).payload.readUInt32BE(0) }
  /** The code of the last GOAWAY, once the connection is closed. */
  async goaway(): Promise<number> {
    while (this.state === 'open') await new Promise<void>(resolve => { this.wake = resolve })
    return this.got.findLast(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4) ?? -1
  }
}

export type { Relay }
