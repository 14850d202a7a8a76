// GET /api/sites/NAME/events: the site's state as it changes, and that it is deleted.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { sendEvents } from '../stream.ts'
import { stream } from '../shapes/shape.ts'

const Named = Type.Object({ name: Type.String() })

export function addEvents(app: App, room: Room): void {
  app.get('/api/sites/:name/events', { config: { access: 'owner' }, schema: { summary: 'Server-sent events "site": the site now, then at every change; "gone" when it is deleted', params: Named, response: { 200: stream('text/event-stream', 'events "site", each a Site, and "gone"') } } },
    async (request, reply) => {
      const name = siteName(request)
      const now = await room.desk.view(name)
      return sendEvents(room, request, reply, (send, signal) => {
        send('site', now)
        room.desk.watch(name, view => view === null ? send('gone', { name }) : send('site', view), signal)
      })
    })
}
