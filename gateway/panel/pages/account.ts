// `/account`: tokens and password.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { changePassword } from '../api/session.ts'
import { createToken, revokeToken } from '../api/tokens.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { errorsOf, field, type Data, type Views } from './views.ts'

export function addAccountPage(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) =>
    views.show(request, reply, 'account', { tokens: room.registry.tokens.list(caller(request).id), made: null, ...data })

  app.get('/account', { config: { access: 'account' } }, (request, reply) => show(request, reply))
  app.post('/account/tokens', { config: { access: 'account' } }, (request, reply) => {
    const name = field(request, 'token-name').trim().slice(0, 100) || 'script'
    return show(request, reply, { made: createToken(room, caller(request), name) })
  })
  app.post('/account/tokens/:id/revoke', { config: { access: 'account' } }, (request, reply) => {
    revokeToken(room, caller(request), (request.params as { id: string }).id)
    return reply.redirect('/account?done=revoked', 303)
  })
  app.post('/account/password', { config: { access: 'account' } }, async (request, reply) => {
    try {
      await changePassword(room, request, reply, { current: field(request, 'current'), password: field(request, 'password') })
    } catch (error) {
      return show(request, reply, { errors: errorsOf(error, request, reply, { bad_credentials: 'current' }) })
    }
    return reply.redirect('/account?done=password', 303)
  })
}
