// `/account`: password, sessions, tokens, language, export, and leaving.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { leave } from '../api/account.ts'
import { changePassword } from '../api/session.ts'
import { endOthers, endSession, listSessions } from '../api/sessions.ts'
import { createToken, listTokens, revokeToken } from '../api/tokens.ts'
import { fault, sayFault } from '../faults.ts'
import { caller } from '../gate.ts'
import { isLanguage, speaker } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { rememberLanguage } from '../visit.ts'
import { errorsOf, field, type Data, type Views } from './views.ts'

const ACCESS = { config: { access: 'account' } } as const

export function addAccountPage(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => showAccount(room, views, request, reply, data)
  const id = (request: FastifyRequest): string => (request.params as { id: string }).id
  /** A form that redirects to what it has done, or shows the page with what is wrong. */
  const form = (path: string, act: (request: FastifyRequest, reply: FastifyReply) => Promise<string> | string, field: string) =>
    app.post(path, ACCESS, async (request, reply) => {
      try {
        return reply.redirect(await act(request, reply), 303)
      } catch (error) {
        return show(request, reply, { errors: errorsOf(error, request, reply, { bad_credentials: field }) })
      }
    })

  app.get('/account', ACCESS, (request, reply) => show(request, reply))
  app.post('/account/tokens', ACCESS, (request, reply) => makeToken(room, show, request, reply))
  form('/account/tokens/:id/revoke', request => (revokeToken(room, caller(request), id(request)), '/account?done=revoked#tokens'), 'form')
  form('/account/sessions/:id/end', request => (endSession(room, request, id(request)), '/account?done=ended#sessions'), 'form')
  form('/account/sessions/end', request => (endOthers(room, request), '/account?done=ended#sessions'), 'form')
  form('/account/password', async (request, reply) => {
    await changePassword(room, request, reply, { current: field(request, 'current'), password: field(request, 'password') })
    return '/account?done=password'
  }, 'current')
  form('/account/language', (request, reply) => (chooseLanguage(room, request, reply), '/account?done=language'), 'form')
  app.post('/account/delete', ACCESS, (request, reply) => farewell(room, views, show, request, reply))
}

function showAccount(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, data: Data): FastifyReply {
  const account = caller(request)
  const sites = room.registry.reservations.list(account.id)
  return views.show(request, reply, 'account', {
    tokens: listTokens(room, account), sessions: listSessions(room, request), names: sites.length, made: null,
    sites: sites.filter(({ kind }) => kind === 'site').map(({ name }) => name), elsewhere: sites.filter(({ kind }) => kind === 'external').map(({ name }) => name), origin: `${request.protocol}://${request.host}`, styles: ['people.css'], ...data,
  })
}

type Show = (request: FastifyRequest, reply: FastifyReply, data?: Data) => FastifyReply

/** Of the form's one list: `all`, `read`, `deploy NAME`, `dyndns` or `dyndns NAME`. The secret is in this answer and in no other. */
function makeToken(room: Room, show: Show, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const name = field(request, 'token-name').trim().slice(0, 64) || 'script'
  const [scope, site] = field(request, 'token-scope').split(' ')
  try {
    const made = createToken(room, caller(request), { name, ...(scope === 'read' || scope === 'deploy' || scope === 'dyndns' ? { scope } : {}), ...(site ? { site } : {}) })
    return show(request, reply, { made })
  } catch (error) {
    return show(request, reply, { errors: { 'token-name': Object.values(errorsOf(error, request, reply))[0] }, values: { 'token-name': name } })
  }
}

function chooseLanguage(room: Room, request: FastifyRequest, reply: FastifyReply): void {
  const to = field(request, 'language')
  room.registry.accounts.setLanguage(caller(request).id, isLanguage(to) ? to : null)
  if (isLanguage(to)) rememberLanguage(request, reply, to)
  else reply.clearCookie('language', { path: '/' })
}

async function farewell(room: Room, views: Views, show: Show, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (field(request, 'leave-name').trim() !== caller(request).username) {
    return show(request, reply.code(422), { errors: { 'leave-name': speaker(request.language)('leave_mismatch') } })
  }
  try {
    await leave(room, request, reply, { password: field(request, 'leave-password') })
  } catch (thrown) {
    const { code } = fault(thrown)
    const at = code === 'bad_credentials' || code === 'rate_limited' ? 'leave-password' : 'form'
    const errors = errorsOf(thrown, request, reply)
    return show(request, reply, { errors: { [at]: Object.values(errors)[0] ?? sayFault(fault(thrown), request.language) } })
  }
  request.who = null
  return views.show(request, reply, 'gone')
}
