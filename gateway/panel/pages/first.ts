// `/first?code=SECRET`: the link on the terminal of a house without an administrator. Whoever opens it makes themselves that one; then it is gone.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { audit } from '../api/accounts.ts'
import { signIn } from '../api/session.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf, signInCookie } from '../visit.ts'
import { errorsOf, field, query, type Views } from './views.ts'

export function addFirst(app: App, room: Room, views: Views): void {
  /** Whether somebody is making the account just now: hashing takes a while, in which nobody else may. */
  let making = false
  app.get('/first', { config: { access: 'anyone' } }, (request, reply) => {
    const code = query(request, 'code')
    check(room, request, code)
    return views.show(request, reply, 'first', { values: { code } })
  })
  app.post('/first', { config: { access: 'anyone' } }, async (request, reply) => {
    const [username, password, code] = ['username', 'password', 'code'].map(key => field(request, key)) as [string, string, string]
    check(room, request, code)
    if (making) throw new AubergeError('conflict', 'Somebody is doing that at this moment.')
    making = true
    try {
      await appoint(room, request, username, password)
      await signIn(room, request, reply, { username, password })
    } catch (error) {
      return views.show(request, reply, 'first', { errors: errorsOf(error, request, reply), values: { username, code } })
    } finally {
      making = false
    }
    return reply.redirect('/admin', 303)
  })
}

/** `not_found`, as for any address that isn't there: no secret, another one, or an administrator already. */
function check(room: Room, request: FastifyRequest, code: string): void {
  const { firstAdmin: secret } = room
  room.rates.take(`secret ${visitor(addressOf(request))}`, RATES.secrets)
  const right = secret !== undefined && secret !== '' && timingSafeEqual(digest(secret), digest(code))
  if (!right || !needsAdmin(room)) throw new AubergeError('not_found', 'This link is not valid, or was used. On the machine itself: auberge account create NAME --admin.')
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether nobody is an administrator. */
export function needsAdmin({ registry }: Pick<Room, 'registry'>): boolean {
  return !registry.accounts.list().some(account => account.role === 'admin')
}

async function appoint(room: Room, request: FastifyRequest, username: string, password: string): Promise<void> {
  signInCookie(request, room.house.zone)
  const account = await room.registry.accounts.create({ username, password, role: 'admin' })
  audit(room, account.username, 'account.create', account.username, 'the first administrator')
}
