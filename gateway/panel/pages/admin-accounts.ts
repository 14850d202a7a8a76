// `/admin/accounts`: who has an account, suspending and resuming them, and invites.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { changeAccount, listAccounts } from '../api/accounts.ts'
import { createInvite } from '../api/invites.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { errorsOf, field, type Data, type Views } from './views.ts'

export function addAdminAccounts(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) =>
    views.show(request, reply, 'admin-accounts', { accounts: listAccounts(room), invites: room.registry.invites.list(), now: Date.now(), ...data })

  const change = (path: string, state: 'active' | 'suspended', done: string) =>
    app.post(`/admin/accounts/:username/${path}`, { config: { access: 'admin' } }, async (request, reply) => {
      const { username } = request.params as { username: string }
      try {
        await changeAccount(room, caller(request), username, { state, reason: field(request, 'reason').slice(0, 500) })
      } catch (error) {
        return show(request, reply, { errors: errorsOf(error, request, reply) })
      }
      return reply.redirect(`/admin/accounts?done=${done}`, 303)
    })

  app.get('/admin/accounts', { config: { access: 'admin' } }, (request, reply) => show(request, reply))
  change('suspend', 'suspended', 'suspended')
  change('resume', 'active', 'resumed')
  app.post('/admin/invites', { config: { access: 'admin' } }, (request, reply) => {
    const uses = Math.min(1000, Math.max(1, Math.trunc(Number(field(request, 'uses'))) || 1))
    createInvite(room, caller(request), uses)
    return reply.redirect('/admin/accounts?done=invited#invites', 303)
  })
}
