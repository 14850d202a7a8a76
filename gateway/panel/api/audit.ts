// GET /api/audit: who did what, newest first.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { Entry } from '../shapes/person.ts'

const Text = Type.Optional(Type.String({ maxLength: 300 }))
const Query = Type.Object({
  most: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
  before: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'entries older than the one with this id' })),
  by: Text, about: Text, action: Type.Optional(Type.String({ maxLength: 100, description: 'how an action begins: site, or site.create' })),
})

export function addAudit(app: App, room: Room): void {
  app.get('/api/audit', { config: { access: 'admin' }, schema: { summary: 'The audit log, newest first', querystring: Query, response: { 200: Type.Array(Entry) } } },
    ({ query: { most = 100, before, ...filter } }) => room.registry.audit.list(Number(most), { ...filter, ...(before === undefined ? {} : { before: Number(before) }) }))
}
