// The headers every answer of the panel carries. Set by app.ts before anything else runs.
import type { FastifyReply } from 'fastify'

const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
  "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
].join('; ')

/**
 * Nothing inline, nothing from elsewhere, no frames, no guessing of types. `same-origin` as Referrer-Policy, not `no-referrer`:
 * with that, browsers send `Origin: null` with a form and the Origin check would refuse it.
 */
export const SECURITY_HEADERS: Record<string, string> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
}

export function secure(reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS)
  reply.header('cache-control', 'no-store')
}
