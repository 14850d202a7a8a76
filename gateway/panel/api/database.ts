// A site's database: another password for it. How to reach it is in the answer about the site itself (sites.ts).
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { Site } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })

export function addDatabase(app: App, { desk }: Room): void {
  app.post('/api/sites/:name/database/rotate', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Another password for its database; a site that runs is restarted', params: Named, response: { 200: Site } } },
    request => desk.rotateDatabase(caller(request), siteName(request)))
}
