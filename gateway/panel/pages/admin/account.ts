// `/admin/accounts/NAME`: one account: its sites, role, what it may have in all, password, suspending it with a reason, removing it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseSize, spellLimit } from '../../../../registry/parse.ts'
import type { Allowance } from '../../../../registry/types.ts'
import { AubergeError } from '../../../../wire/error.ts'
import type { App } from '../../app.ts'
import { changeAccount, deleteAccount, find, showAccount } from '../../api/accounts.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, param, showAdmin } from './show.ts'

export function addAdminAccount(app: App, room: Room, views: Views): void {
  const name = (request: FastifyRequest) => param(request, 'username')
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => {
    const account = showAccount(room, name(request))
    const sites = room.desk.list(find(room, account.username))
    return showAdmin(room, views, request, reply, 'account', { account, sites, spelled, sessions: room.registry.sessions.list(find(room, account.username).id).length, ...data })
  }
  const form = (path: string, done: string, change: (request: FastifyRequest) => Parameters<typeof changeAccount>[3], at = {}) =>
    adminForm(app, `/admin/accounts/:username/${path}`, {
      act: request => changeAccount(room, caller(request), name(request), change(request)),
      done: request => `/admin/accounts/${encodeURIComponent(name(request))}?done=${done}`, again: show, at,
    })

  app.get('/admin/accounts/:username', ADMIN, (request, reply) => show(request, reply))
  form('suspend', 'suspended', request => ({ state: 'suspended', reason: field(request, 'reason').slice(0, 500) }))
  form('resume', 'resumed', () => ({ state: 'active' }))
  form('role', 'saved', request => ({ role: field(request, 'role') === 'admin' ? 'admin' : 'user' }))
  form('quota', 'saved', request => allowance(request), { invalid: 'quota' })
  form('password', 'password_set', request => ({ password: field(request, 'password') }))
  adminForm(app, '/admin/accounts/:username/delete', {
    act: request => deleteAccount(room, caller(request), name(request)), done: '/admin/accounts?done=account_gone', again: show,
  })
}

function allowance(request: FastifyRequest): Allowance {
  const given = (name: string): string => field(request, name).trim()
  return { mostNames: count(given('names')), mostDomains: count(given('domains')), mostDisk: size(given('disk')), mostMemory: size(given('memory')) }
}

/** Nothing: as the house says. */
function count(text: string): number | null {
  if (text === '') return null
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new AubergeError('invalid', `${JSON.stringify(text.slice(0, 30))} is no number from 0 to 99999; nothing means what everyone may have.`)
}

const size = (text: string): number | null => (text === '' ? null : parseSize(text))

/** What the form's fields begin with. */
const spelled = (most: number | null): string => (most === null ? '' : spellLimit('disk', most))
