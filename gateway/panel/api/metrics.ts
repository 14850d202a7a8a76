// GET /metrics: what an operator's Prometheus reads, with an administrator's token or on the admin socket.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { stream } from '../shapes/shape.ts'

const Query = Type.Object({ sites: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])) })

export function addMetrics(app: App, room: Room): void {
  app.get('/metrics', { config: { access: 'admin' }, schema: { summary: 'Prometheus; with sites=1 a series for each site', querystring: Query, response: { 200: stream('text/plain', 'the metrics') } } },
    async (request, reply) => {
      const text = await room.desk.metrics({ sites: request.query.sites === '1' })
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
    })
}
