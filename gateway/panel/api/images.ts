// Images: what pods are made of. Everyone who is signed in may look; administrators build and remove.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { audit } from './accounts.ts'

const Named = Type.Object({ name: Type.String() })

export function addImages(app: App, room: Room): void {
  app.get('/api/images', { config: { access: 'account' }, schema: { summary: 'All images' } }, () => room.desk.images())
  app.post('/api/images/:name/build', { config: { access: 'admin' }, schema: { summary: 'Build a new version; streams progress as text', params: Named } }, async (request, reply) => {
    const progress = await room.desk.buildImage(request.params.name)
    audit(room, caller(request).username, 'image.build', request.params.name)
    return sendStream(room, reply.type('text/plain; charset=utf-8'), progress)
  })
  app.delete('/api/images/:name', { config: { access: 'admin' }, schema: { summary: 'Remove an image no site uses', params: Named } }, async (request, reply) => {
    await room.desk.removeImage(request.params.name)
    audit(room, caller(request).username, 'image.remove', request.params.name)
    return reply.code(204).send()
  })
}
