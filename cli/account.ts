// auberge account … and invite …
import { readFileSync } from 'node:fs'
import { UsageError } from '../bin/usage.mjs'
import { argument, answer, type Desk } from './desk.ts'
import { passwordFromInput, passwordFromTerminal } from './password.ts'
import { moment, table } from './table.ts'

type AccountView = { username: string; role: string; state: string; reason: string | null; createdAt: number; sites: number; mostNames: number | null }
type InviteView = { code: string; uses: number; used: number; createdAt: number; expiresAt: number }

const path = (desk: Desk) => `/api/accounts/${encodeURIComponent(argument(desk, 'NAME'))}`

export async function createAccount(desk: Desk): Promise<void> {
  const { options } = desk.order
  const password = options.has('password-stdin') ? await passwordFromInput(desk) : await passwordFromTerminal(desk)
  const account = { username: argument(desk, 'NAME'), password, role: options.has('admin') ? 'admin' : 'user' }
  answer(desk, await desk.admin.json<{ username: string; role: string }>('POST', '/api/accounts', { json: account }), made =>
    `Account ${made.username} made${made.role === 'admin' ? ', an administrator' : ''}.`)
}

export async function listAccounts(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<AccountView[]>('GET', '/api/accounts'), accounts =>
    table(['NAME', 'ROLE', 'STATE', 'SITES', 'SINCE'], accounts.map(each => [each.username, each.role, each.state, each.sites, moment(each.createdAt)]), 'no accounts'))
}

export async function suspendAccount(desk: Desk): Promise<void> {
  const reason: string | undefined = desk.order.options.get('reason')
  const json = { state: 'suspended', ...(reason === undefined ? {} : { reason }) }
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json }), each => `Account ${each.username} is suspended: ${each.reason}`)
}

export async function resumeAccount(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json: { state: 'active' } }), each => `Account ${each.username} is active.`)
}

/** Role, how many names it may hold, or password: what is named, and only that. */
export async function updateAccount(desk: Desk): Promise<void> {
  const { options } = desk.order
  const names: string | undefined = options.get('names')
  const role: string | undefined = options.get('role')
  const json = {
    ...(role === undefined ? {} : { role }), ...(names === undefined ? {} : { mostNames: names === 'usual' ? null : Number(names) }),
    ...(options.has('password-stdin') ? { password: await passwordFromInput(desk) } : {}),
  }
  if (Object.keys(json).length === 0) throw new UsageError('account update: say what to change: --role, --names or --password-stdin')
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json }), each => `Account ${each.username}: ${each.role}, ${each.mostNames ?? 'the usual number of'} names.`)
}

/** Accounts for a class; their passwords are printed here and nowhere else. */
export async function importAccounts(desk: Desk): Promise<void> {
  const lines = readFileSync(argument(desk, 'FILE'), 'utf8').split(/\r?\n/).map(line => line.replace(/[,;\t"]+/g, ' ').trim()).filter(line => line !== '')
  answer(desk, await desk.admin.json<{ person: string; username: string; password: string }[]>('POST', '/api/accounts/import', { json: { people: lines } }), made =>
    table(['PERSON', 'USERNAME', 'PASSWORD'], made.map(each => [each.person, each.username, each.password])))
}

export async function removeInvite(desk: Desk): Promise<void> {
  const code = argument(desk, 'CODE')
  await desk.admin.json('DELETE', `/api/invites/${encodeURIComponent(code)}`)
  answer(desk, { removed: code }, each => `Invitation ${each.removed} taken back.`)
}

export async function deleteAccount(desk: Desk): Promise<void> {
  await desk.admin.json('DELETE', path(desk))
  answer(desk, { deleted: argument(desk, 'NAME') }, each => `Account ${each.deleted} deleted.`)
}

export async function createInvite(desk: Desk): Promise<void> {
  const json = { uses: Number(desk.order.options.get('uses') ?? 1) }
  answer(desk, await desk.admin.json<InviteView>('POST', '/api/invites', { json }), invite => invite.code)
}

export async function listInvites(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<InviteView[]>('GET', '/api/invites'), invites =>
    table(['CODE', 'USED', 'OF', 'UNTIL'], invites.map(each => [each.code, each.used, each.uses, moment(each.expiresAt)]), 'no invitations'))
}
