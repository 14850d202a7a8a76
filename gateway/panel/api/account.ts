// My own account: who I am to this house, my language, everything that is mine in one file, and the end of it.
import { Type, type Static } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { exportOf } from '../export.ts'
import { caller, person } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { dropSession } from '../visit.ts'
import { audit, holdingsOf } from './accounts.ts'
import { verify } from './session.ts'
import { Me } from '../shapes/person.ts'
import { nothing, stream } from '../shapes/shape.ts'

const Change = Type.Object({ language: Type.Union([Type.Literal('en'), Type.Literal('fr'), Type.Null()], { description: 'null: as the browser says' }) }, { additionalProperties: false })
const Farewell = Type.Object({ password: Type.String({ maxLength: 1100 }) }, { additionalProperties: false })

export function addAccount(app: App, room: Room): void {
  /** Accounts whose export is being read: each makes a copy of every site's files on the house's disk, one after the other. */
  const exporting = new Set<number>()
  app.get('/api/account', { config: { access: 'account' }, schema: { summary: 'My account', response: { 200: Me } } }, request => view(room, person(caller(request))))
  app.patch('/api/account', { config: { access: 'account', errors: ['not_found'] }, schema: { summary: 'Change my language', body: Change, response: { 200: Me } } }, request => {
    const { id } = person(caller(request))
    room.registry.accounts.setLanguage(id, request.body.language)
    return view(room, room.registry.accounts.get(id) ?? caller(request))
  })
  app.get('/api/account/export', { config: { access: 'account', errors: ['conflict'] }, schema: { summary: 'Everything of mine as one zip: account, sites with files and databases, backups of deleted sites', response: { 200: stream('application/zip', 'the zip') } } },
    (request, reply) => sendExport(room, request, reply, exporting))
  app.delete('/api/account', { config: { access: 'account', errors: ['bad_credentials', 'conflict', 'rate_limited'] }, schema: { summary: 'Delete my account and all its sites', body: Farewell, response: { 204: nothing } } }, async (request, reply) => {
    await leave(room, request, reply, request.body)
    return reply.code(204).send()
  })
}

function view(room: Room, account: Account) {
  const { username, role, suspended, createdAt, language } = account
  return { username, role, suspended, createdAt, language, ...holdingsOf(room, account) }
}

function sendExport(room: Room, request: FastifyRequest, reply: FastifyReply, exporting: Set<number>): FastifyReply {
  const account = person(caller(request))
  if (exporting.has(account.id)) throw new AubergeError('conflict', 'An export of this account is being read. Wait until it has ended.')
  exporting.add(account.id)
  const archive = exportOf(room, account)
  archive.once('close', () => exporting.delete(account.id))
  audit(room, account.username, 'account.export', account.username)
  reply.type('application/zip').header('content-disposition', `attachment; filename="${account.username}.zip"`)
  return sendStream(room, reply, archive)
}

/** Needs the password. Sites go first, each with its last backup; where one can't, the account stays, with what is left. */
export async function leave(room: Room, request: FastifyRequest, reply: FastifyReply, { password }: Static<typeof Farewell>): Promise<void> {
  const account = person(caller(request))
  if (await verify(room, request, account.username, password) === null) throw new AubergeError('bad_credentials', 'The password is wrong.')
  refuseLast(room, account)
  for (const { name } of room.registry.reservations.list(account.id)) await room.desk.deleteSite(account, name)
  room.registry.accounts.remove(account.id)
  audit(room, account.username, 'account.delete', account.username, 'by themselves')
  dropSession(request, reply, room.house.zone)
}

function refuseLast(room: Room, { id, role }: Account): void {
  if (role !== 'admin' || room.registry.accounts.list().some(other => other.role === 'admin' && other.id !== id)) return
  throw new AubergeError('conflict', 'You are the only administrator: make somebody else one first.')
}
