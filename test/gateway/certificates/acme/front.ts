// An HTTPS server before Pebble that does what Pebble can't: refuses with problem documents, limits rates, says when to renew, has another clock, or is slow.
// It keeps the Host header, so that every address Pebble names is this server's.
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Agent, request } from 'undici'
import { localCertificate, type Pebble } from './pebble.ts'

export type Fault = { status: number; body: unknown; headers?: Record<string, string> }
/** The parts of Pebble's addresses. */
export const AT = { directory: '/dir', nonce: '/nonce-plz', account: '/sign-me-up', order: '/order-plz', authorization: '/authZ/', challenge: '/chalZ/', finalize: '/finalize-order/', certificate: '/certZ/' }

/** A problem document of ACME's. */
export function problem(status: number, type: string, detail: string, headers: Record<string, string> = {}, more: object = {}): Fault {
  return { status, body: { type: `urn:ietf:params:acme:error:${type}`, detail, status, ...more }, headers: { 'content-type': 'application/problem+json', ...headers } }
}

export class Front {
  readonly ca: string
  /** Asked about each request, by its path and, where it is an order, what it says; null: Pebble answers. */
  fault: (path: string, order: Record<string, unknown> | null) => Fault | null = () => null
  /** Whether the connection is cut before the answer, which Pebble has given. */
  cut: (path: string) => boolean = () => false
  /** Awaited before anything else. */
  before: (path: string) => Promise<void> = async () => {}
  /** Changes what Pebble answered, except where it refused: a nonce that it doesn't like is tried again. */
  change: (path: string, body: string) => string = (_path, body) => body
  /** Renewal information, by the certificate's identifier. Null: the server offers none. */
  renewal: ((id: string) => Fault) | null = null
  /** Milliseconds its clock is ahead. */
  ahead = 0
  /** Paths that were asked for. */
  readonly asked: string[] = []
  /** What new orders said, decoded: without those whose nonce was refused, which come again. */
  readonly orders: Record<string, unknown>[] = []
  readonly #server: Server
  readonly #pebble: Pebble
  readonly #agent: Agent

  private constructor(ca: string, server: Server, pebble: Pebble) {
    this.ca = ca
    this.#server = server
    this.#pebble = pebble
    this.#agent = new Agent({ connect: { ca: pebble.ca } })
    server.on('request', (request, response) => { this.#serve(request, response).catch(() => response.destroy()) })
  }

  static async start(t: TestContext, pebble: Pebble): Promise<Front> {
    const { ca, cert, key } = await localCertificate()
    const server = createServer({ cert, key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const front = new Front(ca, server, pebble)
    t.after(async () => {
      server.close()
      server.closeAllConnections()
      await front.#agent.destroy()
    })
    return front
  }

  get url(): string { return `${this.#base}/dir` }

  get #base(): string { return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}` }

  async #serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const path = from.url ?? '/'
    this.asked.push(path)
    const body = Buffer.concat(await from.toArray() as Buffer[])
    await this.before(path)
    if (path.startsWith('/renewal/') && this.renewal) return this.#say(to, this.renewal(path.slice('/renewal/'.length)))
    const order = path === AT.order ? payloadOf(body) : null
    const fault = this.fault(path, order)
    if (fault && order) this.orders.push(order)
    if (fault) return this.#say(to, { ...fault, headers: { ...fault.headers, 'replay-nonce': await this.#nonce() } })
    await this.#pass(from, body, to)
  }

  async #pass(from: IncomingMessage, body: Buffer, to: ServerResponse): Promise<void> {
    const url = new URL(from.url ?? '/', this.#pebble.url)
    const headers = { host: from.headers.host ?? '', ...(body.length > 0 ? { 'content-type': from.headers['content-type'] ?? '' } : {}) }
    const answer = await request(url, { method: from.method as 'GET', headers, body: body.length > 0 ? body : null, dispatcher: this.#agent })
    const said = await answer.body.text()
    const text = answer.statusCode >= 400 ? said : this.change(url.pathname, url.pathname === AT.directory ? this.#directory(said) : said)
    if (this.cut(url.pathname)) return void to.destroy()
    if (url.pathname === AT.order && answer.statusCode === 201) this.orders.push(payloadOf(body))
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = answer.headers
    this.#say(to, { status: answer.statusCode, body: text, headers: rest as Record<string, string> })
  }

  #directory(text: string): string {
    return JSON.stringify({ ...JSON.parse(text) as object, ...(this.renewal ? { renewalInfo: `${this.#base}/renewal` } : {}) })
  }

  #say(to: ServerResponse, { status, body, headers = {} }: Fault): void {
    to.writeHead(status, { ...headers, date: new Date(Date.now() + this.ahead).toUTCString() }).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  async #nonce(): Promise<string> {
    const { headers } = await request(new URL(AT.nonce, this.#pebble.url), { method: 'HEAD', dispatcher: this.#agent })
    return String(headers['replay-nonce'])
  }
}

function payloadOf(body: Buffer): Record<string, unknown> {
  const { payload = '' } = JSON.parse(body.toString()) as { payload?: string }
  return JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as Record<string, unknown>
}
