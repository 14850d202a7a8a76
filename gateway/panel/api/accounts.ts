// Accounts: signing up, and what an administrator does to them.
import { Type, type Static } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import { spelled } from '../../../registry/quotas.ts'
import type { Account, Allowance } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf, signInCookie } from '../visit.ts'
import { Account as Shown, Signed } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

const Role = Type.Union([Type.Literal('user'), Type.Literal('admin')])

const SignUp = Type.Object({
  username: Type.String({ maxLength: 200 }),
  password: Type.String({ maxLength: 1100 }),
  invite: Type.Optional(Type.String({ maxLength: 200 })),
  role: Type.Optional(Role),
}, { additionalProperties: false })

const most = (maximum: number, description: string) => Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum }), Type.Null()], { description: `${description}; null: as the house says` }))

const Change = Type.Object({
  state: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('suspended')])),
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'shown to visitors of the account\'s sites' })),
  role: Type.Optional(Role),
  password: Type.Optional(Type.String({ maxLength: 1100 })),
  mostNames: most(100_000, 'how many names it may hold'),
  mostDomains: most(100_000, 'how many custom domains'),
  mostDisk: most(2 ** 50, 'bytes that its sites may be promised in all, databases included'),
  mostMemory: most(2 ** 50, 'bytes of memory that its sites may use in all'),
}, { additionalProperties: false })

const Named = Type.Object({ username: Type.String() })

/** What an account has, and may have in all. */
export type Holdings = Allowance & { domains: number; disk: number; memory: number }

export type AccountView = {
  username: string; role: Account['role']; state: 'active' | 'suspended'; reason: string | null; createdAt: number; sites: number
} & Holdings

export function addAccounts(app: App, room: Room): void {
  app.post('/api/accounts', { config: { access: 'anyone', errors: ['signup_closed', 'invite_invalid', 'https_required', 'username_taken', 'username_invalid', 'password_weak', 'rate_limited'] }, schema: { summary: 'Sign up', body: SignUp, response: { 201: Signed } } }, async (request, reply) => {
    const account = await signUp(room, request, request.body)
    return reply.code(201).send({ username: account.username, role: account.role })
  })
  app.get('/api/accounts', { config: { access: 'admin' }, schema: { summary: 'All accounts', response: { 200: Type.Array(Shown) } } }, () => listAccounts(room))
  app.get('/api/accounts/:username', { config: { access: 'admin', errors: ['not_found'] }, schema: { summary: 'An account', params: Named, response: { 200: Shown } } }, request => showAccount(room, request.params.username))
  app.patch('/api/accounts/:username', { config: { access: 'admin', errors: ['not_found', 'conflict', 'password_weak', 'rate_limited'] }, schema: { summary: 'Suspend, resume, change role, password or what it may have in all', params: Named, body: Change, response: { 200: Shown } } },
    request => changeAccount(room, caller(request), request.params.username, request.body))
  app.delete('/api/accounts/:username', { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary: 'Delete an account that holds no names', params: Named, response: { 204: nothing } } }, async (request, reply) => {
    deleteAccount(room, caller(request), request.params.username)
    return reply.code(204).send()
  })
}

/** Creates an account as the house's sign-up mode allows; administrators always may, and choose the role. */
export async function signUp(room: Room, request: FastifyRequest, wish: Static<typeof SignUp>): Promise<Account> {
  const byAdmin = request.who?.role === 'admin'
  if (!byAdmin) {
    signInCookie(request, room.house.zone)
    checkMode(room, wish.invite)
    limitSignUps(room, request)
  }
  const account = await room.registry.accounts.create({
    username: wish.username, password: wish.password,
    ...(byAdmin && wish.role !== undefined ? { role: wish.role } : {}),
    ...(wish.invite ? { invite: wish.invite } : {}),
  })
  if (!byAdmin) room.rates.count(`signup ${visitor(addressOf(request))}`, RATES.signup)
  audit(room, request.who?.username ?? account.username, 'account.create', account.username, account.role)
  return account
}

function checkMode(room: Room, invite: string | undefined): void {
  const { signup } = room.house
  if (signup === 'closed') throw new AubergeError('signup_closed', 'Nobody can sign up here by themselves. Ask the administrator for an account.')
  if (signup === 'invite' && !invite) throw new AubergeError('invite_invalid', 'Signing up needs an invite code. Ask the administrator for one.')
}

function limitSignUps(room: Room, request: FastifyRequest): void {
  room.rates.check(`signup ${visitor(addressOf(request))}`, RATES.signup)
  room.rates.take(`signup try ${visitor(addressOf(request))}`, RATES.signupTry)
}

export function listAccounts(room: Room): AccountView[] {
  return room.registry.accounts.list().map(account => accountView(room, account))
}

export function showAccount(room: Room, username: string): AccountView {
  return accountView(room, find(room, username))
}

function accountView(room: Room, account: Account): AccountView {
  const { username, role, suspended, createdAt } = account
  const { names: sites, ...holdings } = holdingsOf(room, account)
  return { username, role, state: suspended === null ? 'active' : 'suspended', reason: suspended, createdAt, sites, ...holdings }
}

export function holdingsOf({ registry }: Room, { id, mostNames, mostDomains, mostDisk, mostMemory }: Account): Holdings & { names: number } {
  return { ...registry.quotas.of(id), mostNames, mostDomains, mostDisk, mostMemory }
}

/** Does what `change` names, and only that. An administrator can't take away their own rights. */
export async function changeAccount(room: Room, actor: Account, username: string, change: Static<typeof Change>): Promise<AccountView> {
  const account = find(room, username)
  if (actor.id === account.id && (change.state === 'suspended' || change.role === 'user')) {
    throw new AubergeError('conflict', 'You can\'t suspend or demote yourself. Another administrator can.')
  }
  if (change.password !== undefined) await setPassword(room, actor, account, change.password)
  if (change.role !== undefined && change.role !== account.role) setRole(room, actor, account, change.role)
  allow(room, actor, account, change)
  if (change.state !== undefined) await setState(room, actor, account, change.state === 'suspended' ? change.reason?.trim() || 'Suspended by the administrator.' : null)
  return showAccount(room, username)
}

async function setPassword(room: Room, actor: Account, account: Account, password: string): Promise<void> {
  await room.registry.accounts.setPassword(account.id, password)
  audit(room, actor.username, 'account.password', account.username)
}

function setRole(room: Room, actor: Account, account: Account, role: Account['role']): void {
  room.registry.accounts.setRole(account.id, role)
  audit(room, actor.username, 'account.role', account.username, role)
}

const ALLOWANCES = { mostNames: 'names', mostDomains: 'domains', mostDisk: 'disk', mostMemory: 'memory' } as const

function allow(room: Room, actor: Account, account: Account, change: Partial<Allowance>): void {
  const named = (Object.keys(ALLOWANCES) as (keyof Allowance)[]).filter(key => change[key] !== undefined && change[key] !== account[key])
  if (named.length === 0) return
  room.registry.accounts.allow(account.id, Object.fromEntries(named.map(key => [key, change[key]])))
  const said = named.map(key => `${ALLOWANCES[key]} ${change[key] == null ? 'as the house says' : spelled(ALLOWANCES[key], change[key])}`)
  audit(room, actor.username, 'account.quota', account.username, said.join(', '))
}

async function setState(room: Room, actor: Account, account: Account, reason: string | null): Promise<void> {
  if (account.suspended === reason) return
  room.registry.accounts.suspend(account.id, reason)
  audit(room, actor.username, reason === null ? 'account.resume' : 'account.suspend', account.username, reason ?? undefined)
  await room.desk.accountChanged(find(room, account.username))
}

export function deleteAccount(room: Room, actor: Account, username: string): void {
  const account = find(room, username)
  if (actor.id === account.id) throw new AubergeError('conflict', 'You can\'t delete yourself. Another administrator can.')
  room.registry.accounts.remove(account.id)
  audit(room, actor.username, 'account.delete', username)
}

/** The account, or `not_found`. */
export function find(room: Room, username: string): Account {
  const account = room.registry.accounts.byName(username)
  if (account === null) throw new AubergeError('not_found', `There is no account "${username}".`)
  return account
}

/** One line of the audit log. */
export function audit(room: Room, actor: string, action: string, subject: string, detail?: string): void {
  room.registry.audit.add({ actor, action, subject, ...(detail === undefined ? {} : { detail }) })
}
