// Custom domains of a site: adding one, looking at its DNS, sending visitors to it, giving it back.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES } from '../rates.ts'
import { Domain } from '../shapes/name.ts'
import { nothing } from '../shapes/shape.ts'

const Name = Type.String({ maxLength: 300 })
const Named = Type.Object({ name: Type.String() })
const Both = Type.Object({ name: Type.String(), domain: Name })
const NewDomain = Type.Object({ domain: Name, www: Type.Optional(Type.Boolean({ description: 'also www. of it' })) }, { additionalProperties: false })
const Change = Type.Object({ canonical: Type.Boolean({ description: 'send visitors of all other hosts of the site here' }) }, { additionalProperties: false })

export function addDomains(app: App, room: Room): void {
  const { desk } = room
  const one = '/api/sites/:name/domains/:domain'
  app.get('/api/sites/:name/domains', { config: { access: 'owner' }, schema: { summary: 'Its custom domains, and what to set in DNS for each', params: Named, response: { 200: Type.Array(Domain) } } },
    request => desk.domains(siteName(request)))
  app.post('/api/sites/:name/domains', { config: { access: 'owner', errors: ['domain_invalid', 'domain_taken', 'quota', 'conflict', 'rate_limited'] }, schema: { summary: 'Claim a custom domain; its DNS is looked at once', params: Named, body: NewDomain, response: { 201: Domain } } },
    async (request, reply) => {
      mayLook(room, request)
      const { domain, www = false } = request.body
      return reply.code(201).send(await desk.addDomain(caller(request), siteName(request), domain, { www }))
    })
  app.post(`${one}/check`, { config: { access: 'owner', errors: ['domain_invalid', 'domain_taken', 'rate_limited'] }, schema: { summary: 'Look at its DNS now', params: Both, response: { 200: Domain } } }, request => {
    mayLook(room, request)
    return desk.checkDomain(siteName(request), request.params.domain)
  })
  app.patch(one, { config: { access: 'owner', errors: ['domain_invalid', 'conflict'] }, schema: { summary: 'Send visitors here, or no longer', params: Both, body: Change, response: { 200: Domain } } },
    request => desk.changeDomain(caller(request), siteName(request), request.params.domain, request.body))
  app.delete(one, { config: { access: 'owner', errors: ['domain_invalid'] }, schema: { summary: 'Give it back', params: Both, response: { 204: nothing } } }, async (request, reply) => {
    await desk.removeDomain(caller(request), siteName(request), request.params.domain)
    return reply.code(204).send()
  })
}

/** Each look asks other people's name servers. */
export function mayLook({ rates }: Room, request: FastifyRequest): void {
  rates.take(`domains ${caller(request).id}`, RATES.domains)
}
