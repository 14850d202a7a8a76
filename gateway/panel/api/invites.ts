// Invite codes, made by administrators.
import { Type } from '@fastify/type-provider-typebox'
import type { Account } from '../../../registry/types.ts'
import type { Invite } from '../../../registry/registry.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { audit } from './accounts.ts'
import { Invite as Shown } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

const Coded = Type.Object({ code: Type.String({ maxLength: 100 }) })
const NewInvite = Type.Union([Type.Object({ uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }, { additionalProperties: false }), Type.Null()])

export function addInvites(app: App, room: Room): void {
  app.get('/api/invites', { config: { access: 'admin' }, schema: { summary: 'All invites', response: { 200: Type.Array(Shown) } } }, () => room.registry.invites.list())
  app.post('/api/invites', { config: { access: 'admin' }, schema: { summary: 'Make an invite', body: Type.Optional(NewInvite), response: { 201: Shown } } },
    async (request, reply) => reply.code(201).send(createInvite(room, caller(request), request.body?.uses ?? 1)))
  app.delete('/api/invites/:code', { config: { access: 'admin', errors: ['not_found'] }, schema: { summary: 'Take an invite back', params: Coded, response: { 204: nothing } } }, async (request, reply) => {
    removeInvite(room, caller(request), request.params.code)
    return reply.code(204).send()
  })
}

export function removeInvite(room: Room, actor: Account, code: string): void {
  room.registry.invites.remove(code)
  audit(room, actor.username, 'invite.remove', code)
}

export function createInvite(room: Room, actor: Account, uses: number): Invite {
  const invite = room.registry.invites.create(actor.id === 0 ? null : actor.id, uses)
  audit(room, actor.username, 'invite.create', `${uses} use(s)`)
  return invite
}
