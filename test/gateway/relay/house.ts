// What the relay's tests share: a relay on port 0, backends, and raw connections. Everything is closed when the test ends.
import { connect, createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from 'node:http'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { Visitor } from '../../../gateway/relay/http1/visitor.ts'
import type { Channel } from '../../../gateway/relay/channel.ts'
import { Relay, type RelayOptions } from '../../../gateway/relay/relay.ts'
import type { FromRelay } from '../../../gateway/messages.ts'
import type { Route, Upstream } from '../../../registry/types.ts'

export type Running = { relay: Relay; port: number; told: FromRelay[]; waitFor: (type: FromRelay['type'], count?: number) => Promise<FromRelay> }

/** A relay that serves `routes` in zone example.test. */
export async function relayWith(t: TestContext, routes: Route[], options: RelayOptions = {}): Promise<Running> {
  const told: FromRelay[] = []
  let check = (): void => {}
  const relay = new Relay({ ...options, settings: { sweep: 20, ...options.settings }, tell: message => { told.push(message); check() } })
  relay.replace(1, 'example.test', routes)
  const server = await relay.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    relay.settings.leave = 0
    await relay.leave()
  })
  const waitFor = (type: FromRelay['type'], count = 1): Promise<FromRelay> => new Promise(resolve => {
    check = () => {
      const found = told.filter(message => message.type === type)[count - 1]
      if (found !== undefined) resolve(found)
    }
    check()
  })
  return { relay, port: (server.address() as AddressInfo).port, told, waitFor }
}

export function staticRoute(port: number, host = 'a.test'): Route {
  return { host, kind: 'static', upstream: { address: '127.0.0.1', port } }
}

export function siteRoute(state: Extract<Route, { kind: 'site' }>['state'], upstream: Upstream | null = null, host = 'alice.example.test'): Extract<Route, { kind: 'site' }> {
  return { host, kind: 'site', site: host.split('.')[0] ?? '', state, upstream }
}

export function at(port: number): Upstream { return { address: '127.0.0.1', port } }

/** A node:http backend. */
export async function backend(t: TestContext, listener: RequestListener): Promise<{ port: number; server: HttpServer }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  return { port: (server.address() as AddressInfo).port, server }
}

/** A backend that speaks for itself. */
export async function rawBackend(t: TestContext, each: (socket: Socket) => void): Promise<{ port: number; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createTcp({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    each(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { for (const socket of sockets) socket.destroy(); server.close() })
  return { port: (server.address() as AddressInfo).port, server, sockets }
}

/** Answers every request whose head has ended with the same bytes. */
export function answering(t: TestContext, response: string): ReturnType<typeof rawBackend> {
  return rawBackend(t, socket => {
    let held = ''
    socket.on('data', chunk => {
      held += chunk.toString('latin1')
      for (let over = held.indexOf('\r\n\r\n'); over >= 0; over = held.indexOf('\r\n\r\n')) {
        held = held.slice(over + 4)
        socket.write(response, 'latin1')
      }
    })
  })
}

/** A raw connection that remembers what it got. */
export class Wire {
  readonly socket: Socket
  text = ''
  state: 'open' | 'ended' | 'closed' = 'open'
  private wake = (): void => {}

  constructor(t: TestContext, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => { this.text += chunk; this.wake() })
    this.socket.on('end', () => { if (this.state === 'open') this.state = 'ended'; this.wake() })
    this.socket.on('error', () => {})
    this.socket.on('close', () => { this.state = 'closed'; this.wake() })
    t.after(() => this.socket.destroy())
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Resolves with all the text once it holds `wanted`; throws if the connection ends before. */
  async until(wanted: string | RegExp, from = 0): Promise<string> {
    for (;;) {
      const text = this.text.slice(from)
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text
      if (this.state !== 'open') throw new Error(`ended before ${String(wanted)}: ${JSON.stringify(this.text)}`)
      await this.change()
    }
  }

  /** Resolves with all the text once the other end has ended or closed. */
  async end(): Promise<string> {
    while (this.state === 'open') await this.change()
    return this.text
  }

  async close(): Promise<string> {
    while (this.state !== 'closed') {
      if (this.state === 'ended') this.socket.end()
      await this.change()
    }
    return this.text
  }

  private change(): Promise<void> { return new Promise(resolve => { this.wake = resolve }) }
}

/** Sends `text` and resolves with all that comes back until the relay ends the connection. */
export function exchange(t: TestContext, port: number, text: string): Promise<string> {
  return new Wire(t, port).send(text).end()
}

/** The body of a chunked response, `text` being all of it; throws where its framing isn't exact. */
export function unchunked(text: string): string {
  let at = text.indexOf('\r\n\r\n') + 4
  let body = ''
  for (;;) {
    const [line, digits] = /^([0-9a-f]{1,8})\r\n/.exec(text.slice(at, at + 10)) ?? []
    if (line === undefined || digits === undefined) throw new Error(`no chunk size at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
    const start = at + line.length
    const size = Number.parseInt(digits, 16)
    at = start + size + 2
    if (text.slice(start + size, at) !== '\r\n') throw new Error(`the chunk at ${start} has not ${size} octets`)
    if (size === 0) break
    body += text.slice(start, start + size)
  }
  if (at !== text.length) throw new Error(`${text.length - at} octets follow the last chunk`)
  return body
}

/** The channels of visitors the relay welcomes from now on, in order. */
export function visitorsOf(relay: Relay): Channel[] {
  const channels: Channel[] = []
  const welcome = relay.welcome.bind(relay)
  relay.welcome = (...visit) => {
    welcome(...visit)
    const newest = [...relay['guests']].at(-1)
    if (newest instanceof Visitor) channels.push(newest.channel)
  }
  return channels
}

export async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  message.setEncoding('latin1')
  for await (const chunk of message) body += chunk
  return body
}
