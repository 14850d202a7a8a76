// auberge account … and invite …
import { argument, answer, type Desk } from './desk.ts'
import { passwordFromInput, passwordFromTerminal } from './password.ts'
import { moment, table } from './table.ts'

type AccountView = { username: string; role: string; state: string; reason: string | null; createdAt: number; sites: number }
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
