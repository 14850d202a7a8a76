// The routing table for administrators: as it is, and as it changes.
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { sendEvents } from '../stream.ts'

export function addRoutes(app: App, room: Room): void {
  app.get('/api/routes', { config: { access: 'admin' }, schema: { summary: 'The routing table' } }, () => room.desk.routes())
  app.get('/api/routes/events', { config: { access: 'admin' }, schema: { summary: 'Server-sent events: "table" with all rows, then "change" with {rows, gone}' } },
    (request, reply) => sendEvents(room, request, reply, (send, signal) => {
      send('table', room.desk.routes())
      room.desk.watchRoutes(change => send('change', change), signal)
    }))
}
