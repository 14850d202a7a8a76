// GET /api/audit: who did what, newest first.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'

const Most = Type.Object({ most: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })) })

export function addAudit(app: App, room: Room): void {
  app.get('/api/audit', { config: { access: 'admin' }, schema: { summary: 'The audit log, newest first', querystring: Most } },
    request => room.registry.audit.list(Number(request.query.most ?? 100)))
}
