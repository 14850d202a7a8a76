// Heads too large to be honest: a sibling site can plant cookies for the parent zone until the panel can't be reached. The answer clears them.
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../wire/error.ts'
import { SECURITY_HEADERS } from './headers.ts'

/** Bytes of a request head read at all. */
export const HEAD_LIMIT = 64 * 2 ** 10
/** Bytes of cookies answered; the panel's own take about 200. */
const COOKIE_LIMIT = 8 * 2 ** 10

/** Refuses an oversized Cookie header and tells the browser to forget the zone's cookies. */
export function refuseFatCookies(request: FastifyRequest, reply: FastifyReply): void {
  if ((request.headers.cookie ?? '').length <= COOKIE_LIMIT) return
  reply.header('clear-site-data', '"cookies"')
  throw new AubergeError('bad_request', 'Your browser sent too many cookies. They have been cleared: load the page again.')
}

/** Answers what isn't HTTP, or has a head over HEAD_LIMIT, and closes. */
export function cutHead(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const large = error.code === 'HPE_HEADER_OVERFLOW'
  const body = JSON.stringify({ error: { code: 'bad_request', message: large ? 'The request head is too large.' : 'That is not HTTP.' } })
  const lines = [
    large ? 'HTTP/1.1 431 Request Header Fields Too Large' : 'HTTP/1.1 400 Bad Request',
    'content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`, 'connection: close', 'cache-control: no-store',
    ...(large ? ['clear-site-data: "cookies"'] : []),
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
