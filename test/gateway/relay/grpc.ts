// HTTP/2 backends for the relay's tests, and exchanges shaped like gRPC's: frames with a length before them, the status in the trailers.
import { createServer, type ClientHttp2Session, type ClientHttp2Stream, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream, type ServerOptions } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { END_HEADERS, FRAME, frame, type Frame } from './frames.ts'
import { rawBackend } from './house.ts'
import type { Route } from '../../../registry/types.ts'

export type Backend = { port: number; server: Http2Server; sessions: Set<ServerHttp2Session> }

/** A node:http2 backend. */
export async function h2Backend(t: TestContext, each: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, list: string[]) => void, settings: ServerOptions['settings'] = {}): Promise<Backend> {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({ settings })
  server.on('session', session => { sessions.add(session.on('error', () => {}).on('close', () => sessions.delete(session))) })
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, list: string[]) => { stream.on('error', () => {}); each(stream, headers, flags, list) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { for (const session of sessions) session.destroy(); server.close() })
  return { port: (server.address() as AddressInfo).port, server, sessions }
}

export function h2cRoute(port: number, host = 'a.test'): Route {
  return { host, kind: 'static', upstream: { address: '127.0.0.1', port, protocol: 'h2c' } }
}

/** A backend of raw frames: `each` is given every frame of a connection that has sent its preface, and answers with more. */
export function frameBackend(t: TestContext, each: (frame: Frame, socket: Socket) => void, settings = Buffer.alloc(0)): ReturnType<typeof rawBackend> {
  return rawBackend(t, socket => {
    let held = Buffer.alloc(0)
    let skip = 24
    socket.write(frame(FRAME.settings, 0, 0, settings))
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      if (skip > 0 && held.length >= skip) { held = held.subarray(skip); skip = 0 }
      for (let size = sizeOf(held); skip === 0 && held.length >= size; size = sizeOf(held)) {
        const [next, rest] = [held.subarray(0, size), held.subarray(size)]
        held = rest
        each({ type: next[3] ?? 0, flags: next[4] ?? 0, stream: next.readUInt32BE(5), payload: next.subarray(9) }, socket)
      }
    })
  })
}

function sizeOf(held: Buffer): number { return held.length < 9 ? Infinity : held.readUIntBE(0, 3) + 9 }

/** `:status 200` from HPACK's static table. */
export function okFrame(stream: number, flags = END_HEADERS): Buffer { return frame(FRAME.headers, flags, stream, Buffer.of(0x88)) }

export function message(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, Buffer.from(text, 'latin1')])
}

/** Messages as they come on a stream. */
export class Messages {
  readonly got: string[] = []
  state: 'open' | 'ended' = 'open'
  private held = Buffer.alloc(0)
  private wake = (): void => {}

  constructor(stream: ClientHttp2Stream | ServerHttp2Stream) {
    stream.on('data', (bytes: Buffer) => this.take(bytes)).on('end', () => { this.state = 'ended'; this.wake() }).on('close', () => { this.state = 'ended'; this.wake() })
  }

  private take(bytes: Buffer): void {
    this.held = Buffer.concat([this.held, bytes])
    while (this.held.length >= 5 && this.held.length >= 5 + this.held.readUInt32BE(1)) {
      const end = 5 + this.held.readUInt32BE(1)
      this.got.push(this.held.toString('latin1', 5, end))
      this.held = this.held.subarray(end)
    }
    this.wake()
  }

  /** The first `count` messages; throws where the stream ends before. */
  async first(count: number): Promise<string[]> {
    while (this.got.length < count) {
      if (this.state === 'ended') throw new Error(`ended after ${this.got.length} messages`)
      await new Promise<void>(resolve => { this.wake = resolve })
    }
    return this.got.slice(0, count)
  }

  async all(): Promise<string[]> {
    while (this.state === 'open') await new Promise<void>(resolve => { this.wake = resolve })
    return this.got
  }
}

/** A server of four methods: each ends with grpc-status 0 in its trailers; /fail/ has nothing but a status. */
export function grpcServer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  if (headers[':path'] === '/fail') return void stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true })
  const messages = new Messages(stream)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }))
  if (headers[':path'] === '/bidi') {
    stream.on('data', () => { for (const text of messages.got.splice(0)) stream.write(message(`echo ${text}`)) })
    stream.on('end', () => stream.end())
    return
  }
  void messages.all().then(got => {
    if (headers[':path'] === '/server') for (let i = 0; i < 100; i++) stream.write(message(`${got[0]} ${i}`))
    else stream.write(message(got.join('+')))
    stream.end()
  })
}

export type Call = { stream: ClientHttp2Stream; messages: Messages; headers: Promise<IncomingHttpHeaders>; trailers: Promise<IncomingHttpHeaders | null> }

export function call(session: ClientHttp2Session, path: string): Call {
  const stream = session.request({ ':method': 'POST', ':path': path, ':authority': 'a.test', 'content-type': 'application/grpc', te: 'trailers' }, { endStream: false })
  stream.on('error', () => {})
  const headers = new Promise<IncomingHttpHeaders>(resolve => stream.on('response', resolve))
  const trailers = new Promise<IncomingHttpHeaders | null>(resolve => stream.on('trailers', resolve).on('close', () => resolve(null)))
  return { stream, messages: new Messages(stream), headers, trailers }
}
