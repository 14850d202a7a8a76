// Images: what pods are made of. Everyone who is signed in may look; administrators build and remove.
import { Type } from '@fastify/type-provider-typebox'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { audit } from './accounts.ts'
import { Image } from '../shapes/house.ts'
import { nothing, stream } from '../shapes/shape.ts'

const Named = Type.Object({ name: Type.String() })
const Build = Type.Object({ ifChanged: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])) })
const Pin = Type.Object({ version: Type.Integer({ minimum: 1 }) }, { additionalProperties: false })

export function addImages(app: App, room: Room): void {
  app.get('/api/images', { config: { access: 'account' }, schema: { summary: 'All images', response: { 200: Type.Array(Image) } } }, () => room.desk.images())
  app.post('/api/images/:name/build', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Build a new version; streams progress as text, with ifChanged=1 to keep the newest where nothing else comes out', params: Named, querystring: Build, response: { 200: stream('text/plain', 'its progress by lines') } } }, async (request, reply) => {
    const progress = await room.desk.buildImage(request.params.name, { ifChanged: request.query.ifChanged === '1' })
    audit(room, caller(request).username, 'image.build', request.params.name)
    return sendStream(room, reply.type('text/plain; charset=utf-8'), progress)
  })
  app.post('/api/images/:name/roll', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Restart the sites set to an image that run on something older, one after the other; streams JSON lines', params: Named, response: { 200: stream('application/x-ndjson', 'what was done, by lines') } } }, async (request, reply) => {
    const lines = await room.desk.rollImage(caller(request), request.params.name)
    audit(room, caller(request).username, 'image.roll', request.params.name)
    return sendStream(room, reply.type('application/x-ndjson; charset=utf-8'), lines)
  })
  app.put('/api/images/:name/pin', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Use an earlier version in the newest\'s place', params: Named, body: Pin, response: { 204: nothing } } }, async (request, reply) => {
    await pin(room, caller(request), request.params.name, request.body.version)
    return reply.code(204).send()
  })
  app.delete('/api/images/:name/pin', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Use the newest version again', params: Named, response: { 204: nothing } } }, async (request, reply) => {
    await pin(room, caller(request), request.params.name, null)
    return reply.code(204).send()
  })
  app.delete('/api/images/:name', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Remove a version (php@1) or an image no site has or is set to', params: Named, response: { 204: nothing } } }, async (request, reply) => {
    await room.desk.removeImage(request.params.name)
    audit(room, caller(request).username, 'image.remove', request.params.name)
    return reply.code(204).send()
  })
}

export async function pin(room: Room, account: Account, name: string, version: number | null): Promise<void> {
  await room.desk.pinImage(name, version)
  audit(room, account.username, 'image.pin', name, version === null ? 'the newest' : `version ${version}`)
}
