// `/admin/accounts`: who has an account; making one, invites. One account's page is account.ts, a class's class.ts.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import { listAccounts, signUp, type AccountView } from '../../api/accounts.ts'
import { createInvite, removeInvite } from '../../api/invites.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, query, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, param, showAdmin } from './show.ts'

/** Rows shown at first, and with each "show more". */
const PAGE = 200

export function addAdminAccounts(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) =>
    showAdmin(room, views, request, reply, 'accounts', { ...chosen(listAccounts(room), request), invites: room.registry.invites.list(), now: Date.now(), origin: `${request.protocol}://${request.host}`, ...data })

  app.get('/admin/accounts', ADMIN, (request, reply) => show(request, reply))
  adminForm(app, '/admin/accounts', {
    act: request => signUp(room, request, { username: field(request, 'username').trim(), password: field(request, 'password'), role: field(request, 'role') === 'admin' ? 'admin' : 'user' }),
    done: request => `/admin/accounts/${encodeURIComponent(field(request, 'username').trim())}?done=account_made`, again: show,
  })
  adminForm(app, '/admin/invites', { act: request => createInvite(room, caller(request), uses(request)), done: '/admin/accounts?done=invited#invites', again: show })
  adminForm(app, '/admin/invites/:code/remove', { act: request => removeInvite(room, caller(request), param(request, 'code')), done: '/admin/accounts?done=uninvited#invites', again: show })
}

function uses(request: FastifyRequest): number {
  return Math.min(1000, Math.max(1, Math.trunc(Number(field(request, 'uses'))) || 1))
}

function chosen(all: AccountView[], request: FastifyRequest) {
  const filter = query(request, 'filter').trim().slice(0, 100)
  const words = filter.toLowerCase().split(/\s+/)
  const matching = all.filter(({ username, role, state, reason }) => words.every(word => [username, role, state, reason].join(' ').toLowerCase().includes(word)))
  const most = Math.min(10_000, Math.max(PAGE, Number(query(request, 'most')) || PAGE))
  return { accounts: matching.slice(0, most), matching: matching.length, all: all.length, filter, most, page: PAGE }
}
