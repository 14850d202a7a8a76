// Turns whatever was thrown into an AubergeError, says it in the caller's language, and logs what is our fault. Called by app.ts and pages/all.ts.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { OverQuota } from '../../registry/quotas.ts'
import { AubergeError, type ErrorCode } from '../../wire/error.ts'
import { bytes, number } from './format.ts'
import { RateLimited } from './rates.ts'
import { speaker, type Language } from './language/pick.ts'

/** Codes whose English message holds particulars; in other languages it follows the sentence. */
const WITH_DETAIL = new Set<ErrorCode>(['bad_archive', 'wake_failed', 'conflict', 'invalid', 'quota', 'domain_taken', 'domain_invalid'])

/** How the file system and SQLite say that there is no room. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])

/** Seconds. */
const NO_ROOM = 5
/** Milliseconds. */
const LINGER = 2_000

type Thrown = { statusCode?: number; validation?: unknown; message?: string; code?: string }

/** Any thrown value as one of our codes. What isn't known is `failed`, and its message stays in the log. */
export function fault(thrown: unknown): AubergeError {
  if (thrown instanceof AubergeError) return thrown
  const { statusCode = 500, validation, message = '', code = '' } = thrown as Thrown
  if (FULL.has(code)) return new AubergeError('unavailable', "This house's disk is full: nothing was changed. Tell the administrator, who has to free some space; then try again.", { cause: thrown })
  if (validation !== undefined) return new AubergeError('invalid', message, { cause: thrown })
  if (statusCode === 413) return new AubergeError('too_large', 'The body is too large.', { cause: thrown })
  if (statusCode === 415) return new AubergeError('unsupported_type', 'Send JSON: Content-Type: application/json.', { cause: thrown })
  if (statusCode >= 400 && statusCode < 500) return new AubergeError('bad_request', message, { cause: thrown })
  return new AubergeError('failed', 'Something went wrong here. It has been logged.', { cause: thrown })
}

/** The error for people: its own message in English, the catalogue's sentence (and particulars) in other languages. */
export function sayFault(error: AubergeError, language: Language): string {
  if (language === 'en') return error.message
  if (error instanceof OverQuota) return sayQuota(error, language)
  const sentence = speaker(language)(`error_${error.code}`)
  return WITH_DETAIL.has(error.code) ? `${sentence} (${error.message})` : sentence
}

function sayQuota({ what, most, wanted }: OverQuota, language: Language): string {
  const spell = (value: number): string => what === 'names' || what === 'domains' ? number(value, language) : bytes(value, language)
  return speaker(language)(`over_${what}`, { most: spell(most), wanted: spell(wanted) })
}

/** Sets status and the headers an error needs; logs defects once. */
export function prepareFault(error: AubergeError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.code === 'failed' || FULL.has((error.cause as Thrown | undefined)?.code ?? '')) request.log.error({ err: error.cause ?? error, url: request.routeOptions.url }, 'request failed')
  if (error instanceof RateLimited) reply.header('retry-after', error.retryAfter)
  if (error.code === 'no_room') reply.header('retry-after', NO_ROOM)
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  if (leavesBodyUnread(request)) part(request, reply)
  reply.code(error.status)
}

/**
 * After an upload refused early the connection closes. Where its body is on the way, it is read for a moment, for nobody: a close with bytes unread is a
 * reset (RFC 9112 section 9.6), which takes the answer with it.
 */
function part({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  if (headers.expect !== undefined) return void reply.header('connection', 'close')
  const late = setTimeout(() => raw.socket.destroy(), LINGER)
  raw.once('close', () => clearTimeout(late)).resume()
}

function leavesBodyUnread(request: FastifyRequest): boolean {
  return !request.raw.readableEnded && (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0)
}

/** The API's answer to anything thrown. */
export function answerFault(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = fault(thrown)
  prepareFault(error, request, reply)
  void reply.type('application/json; charset=utf-8').send({ error: { code: error.code, message: sayFault(error, request.language) } })
}
