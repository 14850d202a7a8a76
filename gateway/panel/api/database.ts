// A site's database: another password for it. How to reach it is in the answer about the site itself (sites.ts).
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'

const Named = Type.Object({ name: Type.String() })

export function addDatabase(app: App, { desk }: Room): void {
  app.post('/api/sites/:name/database/rotate', { config: { access: 'owner' }, schema: { summary: 'Another password for its database; a site that runs is restarted', params: Named } },
    request => desk.rotateDatabase(caller(request), siteName(request)))
}
