// The routing table for administrators: as it is, and as it changes.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { sendEvents } from '../stream.ts'
import { Route } from '../shapes/house.ts'
import { stream } from '../shapes/shape.ts'

export function addRoutes(app: App, room: Room): void {
  app.get('/api/routes', { config: { access: 'admin' }, schema: { summary: 'The routing table', response: { 200: Type.Array(Route) } } }, () => room.desk.routes())
  app.get('/api/routes/events', { config: { access: 'admin' }, schema: { summary: 'Server-sent events: "table" with all rows, then "change" with {rows, gone}', response: { 200: stream('text/event-stream', 'an event "table" with all Routes, then "change" with {rows, gone}') } } },
    (request, reply) => sendEvents(room, request, reply, (send, signal) => {
      send('table', room.desk.routes())
      room.desk.watchRoutes(change => send('change', change), signal)
    }))
}
