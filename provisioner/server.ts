// The provisioner's verbs over HTTP on a unix socket: POST /verb or /verb/NAME, JSON or a stream in, JSON or a stream out. Started by main.ts.
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AubergeError } from '../wire/error.ts'
import { places } from '../wire/house.ts'
import type { Exits } from './exits.ts'
import type { Host } from './host.ts'
import { execRequest, siteName } from './valid.ts'
import { HOUSE_VERBS, SITE_VERBS } from './verbs.ts'
import { exec } from './workshop/exec.ts'

/** Bytes of a JSON request. */
const MAX_BODY = 2 ** 20
/** An exec request comes in a header of an upgrade: see `EXEC_HEADER`. */
const MAX_HEAD = 2 ** 18
export const EXEC_HEADER = 'auberge-exec'

export type Call = { host: Host; exits: Exits; body: IncomingMessage; json: () => Promise<unknown>; closed: AbortSignal }

/** Listens on the house's socket, replacing what a dead one left, and resolves once it does. It is there when it may be connected to, not before. Only who may enter its directory can connect. */
export async function serve(host: Host, exits: Exits): Promise<Server> {
  const path = places(host.data).provisionerSocket
  const server = createServer({ maxHeaderSize: MAX_HEAD, requestTimeout: 0, headersTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => void handle(host, exits, request, response))
  server.on('upgrade', (request, socket, head) => void upgraded(host, request, socket, head))
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(fresh, resolve))
  chmodSync(fresh, 0o666)
  renameSync(fresh, path)
  return server
}

async function handle(host: Host, exits: Exits, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const closed = new AbortController()
  response.on('close', () => closed.abort())
  try {
    const answer = await called({ host, exits, body: request, json: () => jsonOf(request), closed: closed.signal }, request)
    await answered(response, answer)
  } catch (error) {
    refuse(host, request, response, error)
  }
}

function called(call: Call, { method, url = '' }: IncomingMessage): Promise<unknown> {
  const [, verb = '', name, more] = url.split('/')
  if (method !== 'POST' || more !== undefined) throw new AubergeError('not_found', `the provisioner has no ${method} ${url.slice(0, 100)}`)
  if (name === undefined) return verbOf(HOUSE_VERBS, verb)(call)
  return verbOf(SITE_VERBS, verb)(call, siteName(name))
}

function verbOf<T>(verbs: Record<string, T>, verb: string): T {
  const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (!found) throw new AubergeError('not_found', `the provisioner has no verb ${verb.slice(0, 40)}`)
  return found
}

async function answered(response: ServerResponse, answer: unknown): Promise<void> {
  if (!(answer instanceof Readable)) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? null))
    return
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  response.flushHeaders()
  await pipeline(answer, response)
}

/** Errors of ours keep their code; anything else is `failed` and logged here, once. */
function refuse(host: Host, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = asAubergeError(host, request, error)
  if (response.headersSent) return void response.destroy()
  request.resume()
  response.writeHead(known.status, { 'content-type': 'application/json' }).end(JSON.stringify(known))
}

function asAubergeError(host: Host, request: IncomingMessage, error: unknown): AubergeError {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
  const what = full ? "this house's disk is full; free some space, then try again" : String((error as Error).message ?? error)
  const known = error instanceof AubergeError ? error : new AubergeError('failed', what, { cause: error })
  const gone = request.destroyed && (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
  if (known.code === 'failed' && !gone) host.log.error({ verb: request.url, err: error }, 'a verb failed')
  return known
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new AubergeError('too_large', `a request has at most ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  return parsed(Buffer.concat(chunks).toString('utf8') || '{}')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AubergeError('bad_request', 'the request is not JSON', { cause })
  }
}

/** exec: the connection becomes the command's stream of frames. */
async function upgraded(host: Host, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    const [, verb = '', name] = (request.url ?? '').split('/')
    if (verb !== 'exec') throw new AubergeError('not_found', `the provisioner has no verb ${verb.slice(0, 40)} to upgrade to`)
    const wanted = execRequest(parsed(Buffer.from(String(request.headers[EXEC_HEADER] ?? ''), 'base64url').toString('utf8')))
    const site = siteName(name)
    host.states.site(site)
    const stream = await exec(host, site, wanted)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: auberge-exec\r\n\r\n')
    joined(socket, stream, head)
  } catch (error) {
    const known = asAubergeError(host, request, error)
    const body = JSON.stringify(known)
    socket.end(`HTTP/1.1 ${known.status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
  }
}

/** Either end gone takes the other along; a client that only ends its half still hears the rest. */
function joined(socket: Duplex, stream: Duplex, head: Buffer): void {
  if (head.length > 0) stream.write(head)
  socket.on('close', () => stream.destroy())
  stream.on('error', () => socket.destroy())
  socket.pipe(stream)
  stream.pipe(socket)
}
