// GET /healthz: whether the house serves. Wakes nothing; the command line also sees each part.
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { Health } from '../shapes/house.ts'

export function addHealth(app: App, room: Room): void {
  app.get('/healthz', { config: { access: 'anyone' }, schema: { summary: '200 once everything serves, else 503', response: { 200: Health, 503: Health } } }, (_request, reply) => {
    const { ready, parts, warnings } = room.desk.health()
    reply.code(ready ? 200 : 503)
    return room.door === 'console' ? { ready, parts, warnings } : { ready }
  })
}
