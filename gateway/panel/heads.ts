// Heads too large to be honest: a sibling site can plant cookies for the parent zone until the panel can't be reached. The answer takes them away,
// and leaves the session alone as far as it can: whoever plants cookies shall not sign anybody out.
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../wire/error.ts'
import { SECURITY_HEADERS } from './headers.ts'

/** Bytes of a request head read at all. */
export const HEAD_LIMIT = 64 * 2 ** 10
/** Bytes of cookies answered; the panel's own take about 200. */
const COOKIE_LIMIT = 8 * 2 ** 10

/** Says that planted cookies were taken away a moment ago. */
const SWEPT = 'swept'
/** Names in one answer: browsers keep 180 for a zone. */
const MOST_NAMES = 200

/** Refuses an oversized Cookie header and tells the browser to forget what was planted; where that didn't help, all of the zone's cookies. */
export function refuseFatCookies(request: FastifyRequest, reply: FastifyReply, zone: string): void {
  if ((request.headers.cookie ?? '').length <= COOKIE_LIMIT) return
  if (request.cookies[SWEPT] !== undefined) reply.header('clear-site-data', '"cookies"')
  else sweep(request, reply, zone)
  throw new AubergeError('bad_request', 'Your browser sent too many cookies. They have been cleared: load the page again.')
}

/** Takes away cookies that a sibling planted for the whole zone, at every path that leads here. The panel's own have no Domain, and stay. */
function sweep(request: FastifyRequest, reply: FastifyReply, zone: string): void {
  const steps = (request.url.split('?')[0] ?? '/').split('/').slice(1, 4)
  const paths = ['/', ...steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`)]
  for (const name of Object.keys(request.cookies).slice(0, MOST_NAMES)) {
    for (const path of new Set(paths)) reply.header('set-cookie', `${name}=; Domain=${zone}; Path=${path}; Max-Age=0`)
  }
  reply.setCookie(SWEPT, '1', { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 60 })
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
