// `/`: what this house is, and the way in.
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import type { Views } from './views.ts'

export function addFront(app: App, _room: Room, views: Views): void {
  app.get('/', { config: { access: 'anyone' } }, (request, reply) => views.show(request, reply, 'front', { scripts: ['names.js'] }))
  app.get('/favicon.ico', { config: { access: 'anyone' } }, (_request, reply) => reply.code(204).send())
}
