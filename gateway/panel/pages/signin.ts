// `/signin` and `/signout`.
import type { App } from '../app.ts'
import { signIn, signOut } from '../api/session.ts'
import type { Room } from '../parts.ts'
import { errorsOf, field, localPath, query, type Views } from './views.ts'

export function addSignIn(app: App, room: Room, views: Views): void {
  app.get('/signin', { config: { access: 'anyone' } }, (request, reply) => views.show(request, reply, 'signin', { values: { next: query(request, 'next') } }))
  app.post('/signin', { config: { access: 'anyone', suspendedToo: true } }, async (request, reply) => {
    const [username, password, next] = ['username', 'password', 'next'].map(key => field(request, key)) as [string, string, string]
    try {
      await signIn(room, request, reply, { username, password })
    } catch (error) {
      return views.show(request, reply, 'signin', { errors: errorsOf(error, request, reply), values: { username, next } })
    }
    return reply.redirect(localPath(next, '/sites'), 303)
  })
  app.post('/signout', { config: { access: 'anyone', suspendedToo: true } }, (request, reply) => {
    signOut(room, request, reply)
    return reply.redirect('/', 303)
  })
}
