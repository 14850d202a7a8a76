// Wake, sleep, restart, roll back: what an owner does to a pod without changing the site.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { Released, Site } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })
const Sleep = Type.Union([Type.Object({ tier: Type.Optional(Type.Union([Type.Literal('frozen'), Type.Literal('asleep')])) }, { additionalProperties: false }), Type.Null()])
const Rollback = Type.Object({ release: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false })

export function addPower(app: App, room: Room): void {
  const { desk } = room
  app.post('/api/sites/:name/wake', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Start it now', params: Named, response: { 200: Site } } },
    request => desk.wake(caller(request), siteName(request)))
  app.post('/api/sites/:name/sleep', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Freeze it, or stop it (tier asleep)', params: Named, body: Type.Optional(Sleep), response: { 200: Site } } },
    request => desk.sleep(caller(request), siteName(request), request.body?.tier))
  app.post('/api/sites/:name/restart', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Stop and start it', params: Named, response: { 200: Site } } },
    request => desk.restart(caller(request), siteName(request)))
  app.post('/api/sites/:name/rollback', { config: { access: 'owner', deploys: true, errors: ['conflict'] }, schema: { summary: 'Serve an earlier release', params: Named, body: Rollback, response: { 200: Released } } },
    request => desk.rollback(caller(request), siteName(request), request.body.release))
}
