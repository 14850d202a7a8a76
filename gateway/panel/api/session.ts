// Signing in and out with a password, and changing it.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf, dropSession, giveSession, rememberLanguage, signInCookie } from '../visit.ts'
import { audit } from './accounts.ts'
import { Signed } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

const SignIn = Type.Object({ username: Type.String({ maxLength: 200 }), password: Type.String({ maxLength: 1100 }) }, { additionalProperties: false })
const NewPassword = Type.Object({ current: Type.String({ maxLength: 1100 }), password: Type.String({ maxLength: 1100 }) }, { additionalProperties: false })

export function addSession(app: App, room: Room): void {
  app.get('/api/session', { config: { access: 'account', deploys: true }, schema: { summary: 'Who I am', response: { 200: Signed } } }, request => whoami(caller(request)))
  app.post('/api/session', { config: { access: 'anyone', suspendedToo: true, errors: ['bad_credentials', 'https_required', 'rate_limited'] }, schema: { summary: 'Sign in', body: SignIn, response: { 200: Signed } } },
    async (request, reply) => whoami(await signIn(room, request, reply, request.body)))
  app.delete('/api/session', { config: { access: 'anyone', suspendedToo: true }, schema: { summary: 'Sign out', response: { 204: nothing } } }, async (request, reply) => {
    signOut(room, request, reply)
    return reply.code(204).send()
  })
  app.put('/api/account/password', { config: { access: 'account', errors: ['bad_credentials', 'password_weak', 'rate_limited'] }, schema: { summary: 'Change my password; every other session ends', body: NewPassword, response: { 204: nothing } } },
    async (request, reply) => {
      await changePassword(room, request, reply, request.body)
      return reply.code(204).send()
    })
}

function whoami({ username, role }: Account) {
  return { username, role }
}

/** Checks the password and gives the session cookie. `bad_credentials`, `rate_limited`, `https_required`. */
export async function signIn(room: Room, request: FastifyRequest, reply: FastifyReply, wish: { username: string; password: string }): Promise<Account> {
  signInCookie(request, room.house.zone)
  const account = await verify(room, request, wish.username, wish.password)
  if (account === null) throw new AubergeError('bad_credentials', 'Wrong username or password.')
  if (request.secret !== null) room.registry.sessions.revoke(request.secret)
  welcome(room, request, reply, account)
  return account
}

/** A session for this browser, which speaks the account's language from now on. */
function welcome(room: Room, request: FastifyRequest, reply: FastifyReply, { id, language }: Account): void {
  const from = { agent: request.headers['user-agent'] ?? '', address: addressOf(request) }
  giveSession(request, reply, room.house.zone, room.registry.sessions.create(id, from))
  if (language !== null) rememberLanguage(request, reply, language)
}

/** Counts the try before it is known to fail, so that tries at the same time count too; a good one is taken back. */
export async function verify(room: Room, request: FastifyRequest, username: string, password: string): Promise<Account | null> {
  const address = visitor(addressOf(request))
  const name = username.toLowerCase()
  const tries = [
    [`failure ${name} ${address}`, RATES.failure], [`failure @${address}`, RATES.failureAddress], [`failure ${name}`, RATES.failureAccount],
  ] as const
  for (const [key, rate] of tries) room.rates.check(key, rate)
  for (const [key, rate] of tries) room.rates.count(key, rate)
  const account = await room.registry.accounts.verify(username, password)
  if (account !== null) for (const [key] of tries) room.rates.forgive(key)
  return account
}

export function signOut(room: Room, request: FastifyRequest, reply: FastifyReply): void {
  if (request.secret !== null) room.registry.sessions.revoke(request.secret)
  if (room.door === 'visitors') dropSession(request, reply, room.house.zone)
}

/** Needs the current password; ends every session, and begins a new one for this browser. */
export async function changePassword(room: Room, request: FastifyRequest, reply: FastifyReply, wish: { current: string; password: string }): Promise<void> {
  const account = caller(request)
  if (await verify(room, request, account.username, wish.current) === null) throw new AubergeError('bad_credentials', 'The current password is wrong.')
  await room.registry.accounts.setPassword(account.id, wish.password)
  room.registry.sessions.revokeAll(account.id)
  audit(room, account.username, 'account.password', account.username)
  if (request.proof === 'cookie') welcome(room, request, reply, account)
}
