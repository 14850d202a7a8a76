// POST /language: the switch, remembered in a cookie that says nothing else.
import type { App } from '../app.ts'
import { isLanguage } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { rememberLanguage } from '../visit.ts'
import { field, localPath, type Views } from './views.ts'

export function addLanguage(app: App, room: Room, _views: Views): void {
  app.post('/language', { config: { access: 'anyone', suspendedToo: true } }, (request, reply) => {
    const to = field(request, 'to')
    if (isLanguage(to)) rememberLanguage(request, reply, to)
    if (isLanguage(to) && request.who) room.registry.accounts.setLanguage(request.who.id, to)
    return reply.redirect(localPath(field(request, 'back'), '/'), 303)
  })
}
