// Final backups of deleted sites: an account's own, for administrators all.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { FinalView, SiteView } from '../../desk.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { nothing, stream } from '../shapes/shape.ts'
import { Final, Site } from '../shapes/site.ts'

const Identified = Type.Object({ id: Type.String({ maxLength: 100 }) })
const Revival = Type.Union([Type.Object({ name: Type.Optional(Type.String({ maxLength: 300 })) }, { additionalProperties: false }), Type.Null()])

export function addFinals(app: App, room: Room): void {
  const { desk } = room
  app.get('/api/backups', { config: { access: 'account' }, schema: { summary: 'Final backups of my deleted sites; for an administrator, all', response: { 200: Type.Array(Final) } } }, request => listFinals(room, caller(request)))
  app.get('/api/backups/:id', { config: { access: 'account', errors: ['not_found'] }, schema: { summary: 'A final backup as a tar.gz', params: Identified, response: { 200: stream('application/gzip', 'the tar.gz') } } }, async (request, reply) => {
    const { id } = await own(room, request, request.params.id)
    reply.type('application/gzip').header('content-disposition', `attachment; filename="${id}.tar.gz"`)
    return sendStream(room, reply, await desk.finalBackup(id))
  })
  app.delete('/api/backups/:id', { config: { access: 'account', errors: ['not_found'] }, schema: { summary: 'Remove a final backup before its time', params: Identified, response: { 204: nothing } } }, async (request, reply) => {
    await removeFinal(room, request, request.params.id)
    return reply.code(204).send()
  })
  app.post('/api/backups/:id/restore', { config: { access: 'account', errors: ['not_found', 'name_taken', 'name_invalid', 'name_reserved', 'quota', 'bad_archive', 'conflict'] }, schema: { summary: 'Bring a deleted site back, by its own or another name', params: Identified, body: Type.Optional(Revival), response: { 200: Site } } },
    request => revive(room, request, request.params.id, request.body?.name))
}

export function listFinals(room: Room, account: Account): Promise<FinalView[]> {
  return account.role === 'admin' ? room.desk.finalBackups() : room.desk.finalBackups(account)
}

export async function removeFinal(room: Room, request: FastifyRequest, id: string): Promise<void> {
  await room.desk.dropFinalBackup(caller(request), (await own(room, request, id)).id)
}

/** Takes a name back, or replaces a site of the caller's. */
export async function revive(room: Room, request: FastifyRequest, id: string, wanted?: string): Promise<SiteView> {
  const account = caller(request)
  const backup = await own(room, request, id)
  const name = wanted ?? backup.name
  await room.desk.revive(account, id, name)
  return room.desk.view(name)
}

/** Another account's is answered as one that doesn't exist. */
async function own(room: Room, request: FastifyRequest, id: string): Promise<FinalView> {
  const found = (await listFinals(room, caller(request))).find(backup => backup.id === id)
  if (found) return found
  throw new AubergeError('not_found', 'There is no such backup. Final backups are kept for 30 days.')
}
