// POST /language: the switch, remembered in a cookie that says nothing else.
import type { App } from '../app.ts'
import { isLanguage } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { cookieFlags } from '../visit.ts'
import { field, localPath, type Views } from './views.ts'

const YEAR = 365 * 24 * 3600

export function addLanguage(app: App, _room: Room, _views: Views): void {
  app.post('/language', { config: { access: 'anyone', suspendedToo: true } }, (request, reply) => {
    const to = field(request, 'to')
    if (isLanguage(to)) reply.setCookie('language', to, { ...cookieFlags(request), maxAge: YEAR })
    return reply.redirect(localPath(field(request, 'back'), '/'), 303)
  })
}
