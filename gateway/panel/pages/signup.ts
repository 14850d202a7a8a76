// `/signup`: an account, signed in at once, and on to the name that was looked at.
import type { App } from '../app.ts'
import { signUp } from '../api/accounts.ts'
import { signIn } from '../api/session.ts'
import type { Room } from '../parts.ts'
import { errorsOf, field, query, type Views } from './views.ts'

export function addSignUp(app: App, room: Room, views: Views): void {
  app.get('/signup', { config: { access: 'anyone' } }, (request, reply) =>
    views.show(request, reply, 'signup', { values: { name: query(request, 'name'), invite: query(request, 'invite') } }))
  app.post('/signup', { config: { access: 'anyone' } }, async (request, reply) => {
    const [username, password, invite, name] = ['username', 'password', 'invite', 'name'].map(key => field(request, key)) as [string, string, string, string]
    try {
      await signUp(room, request, { username, password, invite })
      await signIn(room, request, reply, { username, password })
    } catch (error) {
      return views.show(request, reply, 'signup', { errors: errorsOf(error, request, reply), values: { username, invite, name } })
    }
    return reply.redirect(name === '' ? '/sites' : `/sites?name=${encodeURIComponent(name)}`, 303)
  })
}
