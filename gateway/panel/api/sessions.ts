// Where I am signed in: the list, and ending one or all others.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { deviceOf } from '../device.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { audit } from './accounts.ts'
import { Session } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

const Identified = Type.Object({ id: Type.String({ maxLength: 100 }) })

export type SessionView = { id: string; current: boolean; browser: string | null; system: string | null; address: string; createdAt: number; lastUsedAt: number; expiresAt: number }

export function addSessions(app: App, room: Room): void {
  app.get('/api/sessions', { config: { access: 'account' }, schema: { summary: 'Where I am signed in, the last used first', response: { 200: Type.Array(Session) } } }, request => listSessions(room, request))
  app.delete('/api/sessions', { config: { access: 'account' }, schema: { summary: 'Sign out everywhere but here', response: { 204: nothing } } }, async (request, reply) => {
    endOthers(room, request)
    return reply.code(204).send()
  })
  app.delete('/api/sessions/:id', { config: { access: 'account', errors: ['not_found'] }, schema: { summary: 'Sign out there', params: Identified, response: { 204: nothing } } }, async (request, reply) => {
    endSession(room, request, request.params.id)
    return reply.code(204).send()
  })
}

export function listSessions(room: Room, request: FastifyRequest): SessionView[] {
  const here = currentOf(room, request)
  return room.registry.sessions.list(caller(request).id).map(({ agent, ...session }) => ({ ...session, ...deviceOf(agent), current: session.id === here }))
}

export function endSession(room: Room, request: FastifyRequest, id: string): void {
  const { id: account, username } = caller(request)
  room.registry.sessions.end(account, id)
  audit(room, username, 'session.end', username)
}

/** All but the one this request came with. */
export function endOthers(room: Room, request: FastifyRequest): void {
  const { id: account, username } = caller(request)
  for (const { id, current } of listSessions(room, request)) if (!current) room.registry.sessions.end(account, id)
  audit(room, username, 'session.end', username, 'all others')
}

function currentOf(room: Room, request: FastifyRequest): string | null {
  return request.secret === null ? null : room.registry.sessions.idOf(request.secret)
}
