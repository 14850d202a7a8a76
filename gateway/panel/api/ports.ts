// Ports of a site's own IPv6 address. How many an owner may open is the administrator's to say, with the site's other settings (sites.ts).
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { nothing } from '../shapes/shape.ts'
import { Site } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })
const Which = Type.Object({ name: Type.String(), port: Type.String({ pattern: '^[0-9]{1,5}$' }) })
const Port = Type.Object({
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  proxyProtocol: Type.Optional(Type.Boolean({ description: 'begin each connection to the pod with a line that says who the visitor is (PROXY protocol, version 1)' })),
}, { additionalProperties: false })

export function addPorts(app: App, { desk }: Room): void {
  app.post('/api/sites/:name/ports', { config: { access: 'owner', errors: ['quota', 'conflict'] }, schema: { summary: 'Lead a TCP port of its own IPv6 address to its pod; 201 once it does', params: Named, body: Port, response: { 201: Site } } },
    async (request, reply) => {
      const { port, proxyProtocol = false } = request.body
      return reply.code(201).send(await desk.expose(caller(request), siteName(request), port, { proxyProtocol }))
    })
  app.delete('/api/sites/:name/ports/:port', { config: { access: 'owner' }, schema: { summary: 'Close it, and every connection to it', params: Which, response: { 204: nothing } } },
    async (request, reply) => {
      await desk.unexpose(caller(request), siteName(request), Number(request.params.port))
      return reply.code(204).send()
    })
}
