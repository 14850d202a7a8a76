// What a request says about itself once the relay's X-Forwarded headers are believed: scheme, origin, and the session cookie that fits.
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../wire/error.ts'

/** The browser keeps `__Host-` cookies out of reach of every other host, siblings and sub-domains included. */
const SECURE_COOKIE = '__Host-session'
const PLAIN_COOKIE = 'session'

/** Seconds. */
const YEAR = 365 * 24 * 3600

const METHODS_THAT_ONLY_READ = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The visitor's address as the relay saw it: X-Real-IP, which it always sets. (The first entry of X-Forwarded-For may be the visitor's own invention where a
 * trusted proxy stands in front.)
 */
export function addressOf(request: FastifyRequest): string {
  const seen = request.headers['x-real-ip']
  return typeof seen === 'string' ? seen : request.ip
}

export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https'
}

/** Scheme, host and port as the visitor's browser writes them in `Origin`; null where the host is no host. */
export function ownOrigin(request: FastifyRequest): string | null {
  const text = `${request.protocol}://${request.host}`
  return URL.canParse(text) ? new URL(text).origin : null
}

/** The cookie that counts for this request, or null where none may: plain HTTP outside zone `localhost`. */
export function sessionCookie(request: FastifyRequest, zone: string): string | null {
  if (isSecure(request)) return SECURE_COOKIE
  return zone === 'localhost' ? PLAIN_COOKIE : null
}

/** As sessionCookie, for signing in and up. */
export function signInCookie(request: FastifyRequest, zone: string): string {
  const name = sessionCookie(request, zone)
  if (name !== null) return name
  throw new AubergeError('https_required', 'Passwords are not sent in the clear. Open this page with https://')
}

export function giveSession(request: FastifyRequest, reply: FastifyReply, zone: string, session: { secret: string; expiresAt: number }): void {
  reply.setCookie(signInCookie(request, zone), session.secret, { ...cookieFlags(request), expires: new Date(session.expiresAt) })
}

export function dropSession(request: FastifyRequest, reply: FastifyReply, zone: string): void {
  const name = sessionCookie(request, zone)
  if (name !== null) reply.clearCookie(name, cookieFlags(request))
}

/** Secure; HttpOnly; SameSite=Lax; Path=/ and no Domain, as the `__Host-` prefix demands. */
export function cookieFlags(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request) } as const
}

/** In the cookie of the switch, which says nothing else. */
export function rememberLanguage(request: FastifyRequest, reply: FastifyReply, language: 'en' | 'fr'): void {
  reply.setCookie('language', language, { ...cookieFlags(request), maxAge: YEAR })
}

/** Whether the request changes something. */
export function changes(request: FastifyRequest): boolean {
  return changesBy(request.method, request.routeOptions.config)
}

/** Whether a route's method does. */
export function changesBy(method: string, config: FastifyContextConfig): boolean {
  return config.changes === true || !METHODS_THAT_ONLY_READ.has(method)
}
