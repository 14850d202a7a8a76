// `/backups`: final backups of deleted sites, an account's own or, for an administrator, all: fetched, brought back, removed.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { listFinals, removeFinal, revive } from '../api/finals.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { errorsOf, type Data, type Views } from './views.ts'

export function addBackupsPage(app: App, room: Room, views: Views): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, data: Data = {}) =>
    views.show(request, reply, 'backups', { backups: await listFinals(room, caller(request)), ...data })
  const form = (path: string, act: (request: FastifyRequest, id: string) => Promise<string>) =>
    app.post(`/backups/:id/${path}`, { config: { access: 'account' } }, async (request, reply) => {
      try {
        return reply.redirect(await act(request, (request.params as { id: string }).id), 303)
      } catch (error) {
        return show(request, reply, { errors: { form: Object.values(errorsOf(error, request, reply))[0] } })
      }
    })

  app.get('/backups', { config: { access: 'account' } }, (request, reply) => show(request, reply))
  form('restore', async (request, id) => `/sites/${(await revive(room, request, id)).name}?done=revived`)
  form('remove', async (request, id) => {
    await removeFinal(room, request, id)
    return '/backups?done=removed'
  })
}
