// auberge account … and invite …
import { readFileSync } from 'node:fs'
import { UsageError } from '../bin/usage.mjs'
import { argument, answer, type Desk } from './desk.ts'
import { passwordFromInput, passwordFromTerminal } from './password.ts'
import { moment, sheet, size, table } from './table.ts'

type AccountView = { username: string; role: string; state: string; reason: string | null; createdAt: number; sites: number; domains: number; disk: number; memory: number } & Record<Most, number | null>
type Most = 'mostNames' | 'mostDomains' | 'mostDisk' | 'mostMemory'
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
    table(['NAME', 'ROLE', 'STATE', 'NAMES', 'DISK', 'MEMORY', 'DOMAINS', 'SINCE'], accounts.map(each => [each.username, each.role, each.state, ...holdings(each), moment(each.createdAt)]), 'no accounts'))
}

/** What it has, and of how much where it has a bound of its own. */
function holdings({ sites, disk, memory, domains, mostNames, mostDisk, mostMemory, mostDomains }: AccountView): string[] {
  const of = (held: number, most: number | null, spell: (value: number) => string) => (most === null ? spell(held) : `${spell(held)} of ${spell(most)}`)
  return [of(sites, mostNames, String), of(disk, mostDisk, size), of(memory, mostMemory, size), of(domains, mostDomains, String)]
}

const MOST: [string, Most][] = [['names', 'mostNames'], ['custom-domains', 'mostDomains'], ['disk', 'mostDisk'], ['memory', 'mostMemory']]

export async function suspendAccount(desk: Desk): Promise<void> {
  const reason: string | undefined = desk.order.options.get('reason')
  const json = { state: 'suspended', ...(reason === undefined ? {} : { reason }) }
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json }), each => `Account ${each.username} is suspended: ${each.reason}`)
}

export async function resumeAccount(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json: { state: 'active' } }), each => `Account ${each.username} is active.`)
}

/** Role, what it may have in all, or password: what is named, and only that. */
export async function updateAccount(desk: Desk): Promise<void> {
  const { options } = desk.order
  const role: string | undefined = options.get('role')
  const allowed = MOST.filter(([option]) => options.has(option)).map(([option, key]) => [key, options.get(option) === 'usual' ? null : Number(options.get(option))])
  const json = {
    ...(role === undefined ? {} : { role }), ...Object.fromEntries(allowed) as object,
    ...(options.has('password-stdin') ? { password: await passwordFromInput(desk) } : {}),
  }
  if (Object.keys(json).length === 0) throw new UsageError('account update: say what to change: --role, --names, --custom-domains, --disk, --memory or --password-stdin')
  answer(desk, await desk.admin.json<AccountView>('PATCH', path(desk), { json }), each => sheet([
    ['account', each.username], ['role', each.role], ...['names', 'disk', 'memory', 'domains'].map((what, index): [string, string | undefined] => [what, holdings(each)[index]]),
  ]))
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
