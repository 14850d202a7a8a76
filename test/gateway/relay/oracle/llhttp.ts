// The first oracle: how node:http's own parser (llhttp, strict) reads a stream of requests, or a response. No socket: the bytes are handed over as they are.
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'

/** One message as read. `fields` and `trailers` are name, value, name, value... */
export type Read = { method: string; target: string; minor: number; fields: string[]; body: string; trailers: string[] }
/** `fault`: why reading stopped before the end of the stream, or ''. */
export type Reading = { requests: Read[]; fault: string }

/** Bytes that come from nowhere; what is written to it is dropped. `hungry`: is told of the first write. */
class Tap extends Duplex {
  private readonly hungry: (tap: Tap) => void
  constructor(hungry: (tap: Tap) => void = () => {}) {
    super({ allowHalfOpen: true })
    this.hungry = hungry
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.hungry(this)
    done()
  }
  pour(text: string): void {
    this.push(Buffer.from(text, 'latin1'))
    this.push(null)
  }
  setTimeout(): this { return this }
  setNoDelay(): this { return this }
  setKeepAlive(): this { return this }
  ref(): this { return this }
  unref(): this { return this }
}

const readings = new WeakMap<Duplex, Reading>()
let server: Server | null = null

function reader(): Server {
  if (server !== null) return server
  server = createServer({ insecureHTTPParser: false, maxHeaderSize: 131_072, shouldUpgradeCallback: () => false }, (message, response) => {
    collect(message, readings.get(message.socket)?.requests ?? [], () => response.end())
  })
  server.maxHeadersCount = 0
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const reading = readings.get(socket)
    if (reading !== undefined) reading.fault = error.code ?? error.message
    // What was read before is still being handed out.
    setImmediate(() => setImmediate(() => socket.destroy()))
  })
  return server
}

function collect(message: IncomingMessage, whole: Read[], over: () => void): void {
  let body = ''
  message.setEncoding('latin1').on('error', () => {}).on('data', (chunk: string) => { body += chunk })
  message.on('end', () => {
    whole.push({ method: message.method ?? '', target: message.url ?? '', minor: message.httpVersionMinor, fields: message.rawHeaders, body, trailers: message.rawTrailers })
    over()
  })
}

/** The requests in a stream that ends. */
export function readRequests(text: string): Promise<Reading> {
  return new Promise(resolve => {
    const tap = new Tap()
    const reading: Reading = { requests: [], fault: '' }
    readings.set(tap, reading)
    tap.on('error', () => {}).on('close', () => resolve(reading))
    reader().emit('connection', tap)
    tap.pour(text)
  })
}

/** A response as a client got it. `whole` only where it ended as its framing says. */
export type Answer = { interims: number[]; status: number; reason: string; fields: string[]; body: string; trailers: string[]; whole: boolean; fault: string }

/** The response to a `method` request on a connection that then ends. */
export function readAnswer(method: string, text: string): Promise<Answer> {
  const answer: Answer = { interims: [], status: 0, reason: '', fields: [], body: '', trailers: [], whole: false, fault: '' }
  return new Promise(resolve => {
    const tap = new Tap(self => { if (!self.readableEnded && self.readableLength === 0 && poured++ === 0) self.pour(text) })
    let poured = 0
    const over = (fault = ''): void => {
      if (!answer.whole) answer.fault ||= fault
      resolve(answer)
      tap.destroy()
    }
    const asked = ask({ method, path: '/', host: 'a.test', createConnection: () => tap, insecureHTTPParser: false, maxHeaderSize: 131_072, headers: method === 'POST' ? { 'content-length': 0 } : {} })
    asked.maxHeadersCount = 0
    asked.on('information', ({ statusCode }) => answer.interims.push(statusCode))
    asked.on('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.message))
    asked.on('upgrade', message => { answer.status = message.statusCode ?? 0; over('upgrade') })
    asked.on('response', message => {
      Object.assign(answer, { status: message.statusCode, reason: message.statusMessage, fields: message.rawHeaders })
      message.setEncoding('latin1').on('data', (chunk: string) => { answer.body += chunk })
      message.on('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.message))
      message.on('end', () => { answer.trailers = message.rawTrailers; answer.whole = message.complete; over() })
      message.on('close', () => over('closed'))
    })
    asked.on('close', () => over('closed'))
    asked.end()
  })
}
