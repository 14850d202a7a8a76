// Upgrades go through the same router and gate as every request; a handler that likes one takes its socket. Called by app.ts, api/exec.ts and api/console.ts.
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'

type Waiting = { socket: Duplex; head: Buffer }
const waiting = new WeakMap<IncomingMessage, Waiting>()

/** Only commands are upgraded; elsewhere the header is ignored, as RFC 9110 section 7.8 allows. */
export function wantsExec(request: IncomingMessage): boolean {
  return /^\/api\/sites\/[^/]+\/(exec|console)(\?|$)/.test(request.url ?? '')
}

/** Hands upgrade requests to the router. Sockets still open when `closing` aborts are closed. */
export function acceptUpgrades(app: App, closing: AbortSignal): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as IncomingMessage['socket'])
    response.on('finish', () => socket.end())
    socket.on('error', () => socket.destroy())
    closeWith(closing, socket)
    waiting.set(request, { socket, head })
    app.routing(request, response)
  })
}

function closeWith(closing: AbortSignal, socket: Duplex): void {
  const close = () => { socket.destroy() }
  closing.addEventListener('abort', close, { once: true })
  socket.once('close', () => closing.removeEventListener('abort', close))
}

/** Whether the request asked for an upgrade. */
export function isUpgrade(request: FastifyRequest): boolean {
  return waiting.has(request.raw)
}

/** The visitor's socket, to be answered by the caller, with what came after the head. */
export function takeSocket(request: FastifyRequest, reply: FastifyReply): Waiting {
  const found = waiting.get(request.raw)
  if (found === undefined) throw new Error('not an upgrade')
  reply.hijack()
  reply.raw.removeAllListeners('finish')
  reply.raw.detachSocket(found.socket as IncomingMessage['socket'])
  return found
}

/** Answers 101 and joins the visitor's socket with `other`, both ways. */
export function switchTo(protocol: string, request: FastifyRequest, reply: FastifyReply, other: Duplex): void {
  const { socket, head } = takeSocket(request, reply)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  join(socket, other)
}

/**
 * Either end that breaks takes the other along; one that ends is heard out first. (Two pipelines would not do: the first to see `other` closed
 * destroys the socket with what still waits to be sent.)
 */
function join(socket: Duplex, other: Duplex): void {
  socket.on('close', () => other.destroy())
  other.on('error', () => socket.destroy())
  other.on('close', () => { if (!other.readableEnded) socket.destroy() })
  socket.pipe(other)
  other.pipe(socket)
}
