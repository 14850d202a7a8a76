// GET /api/sites/NAME/logs: what the pod wrote or who visited the site, as plain text that no browser takes for anything else.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { stream } from '../shapes/shape.ts'

const Named = Type.Object({ name: Type.String() })
const Query = Type.Object({
  follow: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])),
  source: Type.Optional(Type.Union([Type.Literal('pod'), Type.Literal('error'), Type.Literal('access')])),
})

export function addLogs(app: App, room: Room): void {
  app.get('/api/sites/:name/logs', { config: { access: 'owner' }, schema: { summary: 'The log of the pod, with source=error without its lines about visits, or with source=access who asked for what; with follow=1 it goes on', params: Named, querystring: Query, response: { 200: stream('text/plain', 'the log by lines') } } },
    async (request, reply) => {
      const log = await room.desk.logs(siteName(request), { follow: request.query.follow === '1', source: request.query.source ?? 'pod' })
      return sendStream(room, reply.type('text/plain; charset=utf-8'), log)
    })
}
