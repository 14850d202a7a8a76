// The gate: who calls, and whether they may. Runs before a body is read; the only place where an object's owner is checked.
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../wire/error.ts'
import type { Account, TokenScope } from '../../registry/types.ts'
import type { Access, Proof, Room } from './parts.ts'
import { changes, ownOrigin, sessionCookie } from './visit.ts'

/** Who the command line acts as; the audit log's name for it. No account has id 0. */
export const CONSOLE: Account = { id: 0, username: 'console', role: 'admin', suspended: null, createdAt: 0, language: null, mostNames: null, mostDomains: null, mostDisk: null, mostMemory: null }

/** Finds out who calls: the console, a bearer token, or the session cookie. A bad token is refused, a bad cookie ignored. */
export function recognise(room: Room, request: FastifyRequest): void {
  if (room.door === 'console') return prove(request, CONSOLE, 'console')
  if (request.headers.authorization !== undefined && request.routeOptions.config.basic !== true) {
    const { account, scope, token } = byToken(room, request.headers.authorization)
    request.scope = scope
    request.secret = token
    return prove(request, account, 'token')
  }
  const cookie = sessionCookie(request, room.house.zone)
  const secret = cookie === null ? undefined : request.cookies[cookie]
  const account = secret === undefined ? null : room.registry.sessions.find(secret)
  if (account === null || secret === undefined) return
  prove(request, account, 'cookie')
  request.secret = secret
}

function prove(request: FastifyRequest, account: Account, proof: 'console' | 'token' | 'cookie'): void {
  request.who = account
  request.proof = proof
}

function byToken(room: Room, header: string): { account: Account; scope: TokenScope; token: string } {
  const token = /^bearer +([^\s]+)$/i.exec(header)?.[1]
  const found = token === undefined ? null : room.registry.tokens.find(token)
  if (token !== undefined && found !== null) return { ...found, token }
  throw new AubergeError('unauthenticated', 'The token is not valid. Make one on your account page.')
}

/** Throws unless the caller may call the route. */
export function admit(room: Room, request: FastifyRequest): void {
  if (changes(request)) checkOrigin(room, request)
  const { access = 'admin', suspendedToo = false } = request.routeOptions.config
  may(room, request, access)
  if (access !== 'anyone' || changes(request)) checkScope(request)
  if (changes(request) && !suspendedToo) refuseSuspended(request)
  if (changes(request)) refuseHalfMade(request)
}

/** Throws where a change was begun by somebody who may not any more: bodies take their time. */
export function admitAgain(room: Room, request: FastifyRequest): void {
  if (changes(request) && !stillMayChange(room, request)) throw new AubergeError('forbidden', 'You may not do this any more: the session or token has ended, or the account changed.')
}

/**
 * A change with the cookie needs the panel's own Origin: a sibling site is same-site, so SameSite doesn't stop it. Without proof
 * (signing in and up), a foreign Origin is refused as well.
 */
function checkOrigin(room: Room, request: FastifyRequest): void {
  if (room.door === 'console' || request.proof === 'token') return
  const { origin } = request.headers
  if (origin === undefined && request.proof !== 'cookie') return
  if (origin !== undefined && origin === ownOrigin(request)) return
  throw new AubergeError('bad_origin', `A change must come from this page, not from ${origin === undefined ? 'a request without Origin' : 'another site'}.`)
}

/** Forms are filled in by browsers, and those send Origin: without it a form is refused even before signing in. */
export function needOrigin(request: FastifyRequest): void {
  if (changes(request) && request.headers.origin === undefined) throw new AubergeError('bad_origin', 'A form must come from this page.')
}

function may(room: Room, request: FastifyRequest, access: Access): void {
  if (access === 'anyone') return
  if (request.who === null) throw new AubergeError('unauthenticated', 'Sign in first.')
  if (access === 'admin' && request.who.role !== 'admin') throw new AubergeError('forbidden', 'Only an administrator may do that.')
  if (access === 'owner') request.reservation = own(room, request.who, request)
}

/** A token does no more than it was made for. Another site than its own doesn't exist for it. */
function checkScope(request: FastifyRequest): void {
  const { scope } = request
  if (scope === null || scope.may === 'all' || (scope.may === 'read' && !changes(request))) return
  if (scope.may === 'read') throw new AubergeError('forbidden', 'This token may only look. Make one that may do everything on your account page.')
  if (scope.may === 'dyndns') throw new AubergeError('forbidden', 'This token may only say where names point (/nic/update).')
  if (request.reservation !== null && request.reservation.name !== scope.site) throw new AubergeError('not_found', `There is no site "${request.reservation.name}".`)
  if (request.routeOptions.config.deploys !== true) throw new AubergeError('forbidden', `This token may only deploy ${scope.site}.`)
}

/** Another account's site is answered as one that doesn't exist. */
function own(room: Room, who: Account, request: FastifyRequest) {
  const { name } = request.params as { name: string }
  const reservation = room.registry.reservations.get(name)
  if (reservation !== null && (reservation.owner === who.id || who.role === 'admin')) return reservation
  throw new AubergeError('not_found', `There is no site "${name}".`)
}

/** Until a name is held it may go back to everybody, and what is under way for it would then be done to somebody else's. */
function refuseHalfMade({ reservation }: FastifyRequest): void {
  if (reservation?.phase === 'creating') throw new AubergeError('conflict', `${reservation.name} is being made: wait until it is there.`)
}

function refuseSuspended(request: FastifyRequest): void {
  const reason = request.who?.suspended ?? null
  if (reason !== null) throw new AubergeError('forbidden', `Your account is suspended: ${reason}`)
}

/** The account that a proof stands for at this moment; null: none, for the session has ended, or the token was revoked. */
export function standsFor({ registry }: Pick<Room, 'registry'>, proof: Proof, secret: string | null): Account | null {
  if (proof === 'console') return CONSOLE
  if (secret === null) return null
  return proof === 'cookie' ? registry.sessions.find(secret) : registry.tokens.find(secret)?.account ?? null
}

/** Whether a long answer may go on: the proof still counts, the account still may, and the site is the one it was. */
export function stillMay(room: Pick<Room, 'registry'>, request: FastifyRequest): boolean {
  const { access = 'admin' } = request.routeOptions.config
  if (access === 'anyone') return true
  const who = standsFor(room, request.proof, request.secret)
  if (who === null || who.id !== request.who?.id) return false
  if (access === 'account' || request.reservation === null) return access === 'account' || who.role === 'admin'
  const { name, owner, createdAt } = request.reservation
  const now = room.registry.reservations.get(name)
  return now !== null && now.owner === owner && now.createdAt === createdAt && (owner === who.id || who.role === 'admin')
}

/** As stillMay, for what changes something: a suspended account may only look. */
export function stillMayChange(room: Pick<Room, 'registry'>, request: FastifyRequest): boolean {
  if (!stillMay(room, request)) return false
  const { access, suspendedToo = false } = request.routeOptions.config
  return access === 'anyone' || suspendedToo || standsFor(room, request.proof, request.secret)?.suspended === null
}

/** The signed-in account, on routes that need one. */
export function caller(request: FastifyRequest): Account {
  if (request.who === null) throw new AubergeError('unauthenticated', 'Sign in first.')
  return request.who
}

/** The same account, which is to be a person's: the console has nothing of its own. */
export function person(account: Account): Account {
  if (account.id === CONSOLE.id) throw new AubergeError('conflict', 'The console is no account: it has no sessions, tokens or export, and needs none.')
  return account
}

/** The site's name in the path, which the gate has checked. */
export function siteName(request: FastifyRequest): string {
  if (request.reservation === null) throw new AubergeError('not_found', 'There is no such site.')
  return request.reservation.name
}
