// Accounts: signing up, and what an administrator does to them.
import { Type, type Static } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf, signInCookie } from '../visit.ts'

const Role = Type.Union([Type.Literal('user'), Type.Literal('admin')])

const SignUp = Type.Object({
  username: Type.String({ maxLength: 200 }),
  password: Type.String({ maxLength: 1100 }),
  invite: Type.Optional(Type.String({ maxLength: 200 })),
  role: Type.Optional(Role),
})

const Change = Type.Object({
  state: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('suspended')])),
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'shown to visitors of the account\'s sites' })),
  role: Type.Optional(Role),
  password: Type.Optional(Type.String({ maxLength: 1100 })),
  mostNames: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 100_000 }), Type.Null()], { description: 'how many names it may hold; null: as many as the house says' })),
}, { additionalProperties: false })

const Named = Type.Object({ username: Type.String() })

export type AccountView = {
  username: string; role: Account['role']; state: 'active' | 'suspended'; reason: string | null; createdAt: number; sites: number; mostNames: number | null
}

export function addAccounts(app: App, room: Room): void {
  app.post('/api/accounts', { config: { access: 'anyone' }, schema: { summary: 'Sign up', body: SignUp } }, async (request, reply) => {
    const account = await signUp(room, request, request.body)
    return reply.code(201).send({ username: account.username, role: account.role })
  })
  app.get('/api/accounts', { config: { access: 'admin' }, schema: { summary: 'All accounts' } }, () => listAccounts(room))
  app.get('/api/accounts/:username', { config: { access: 'admin' }, schema: { summary: 'An account', params: Named } }, request => showAccount(room, request.params.username))
  app.patch('/api/accounts/:username', { config: { access: 'admin' }, schema: { summary: 'Suspend, resume, change role, password or how many names it may hold', params: Named, body: Change } },
    request => changeAccount(room, caller(request), request.params.username, request.body))
  app.delete('/api/accounts/:username', { config: { access: 'admin' }, schema: { summary: 'Delete an account that holds no names', params: Named } }, (request, reply) => {
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
  const held = new Map<number, number>()
  for (const { owner } of room.registry.reservations.list()) held.set(owner, (held.get(owner) ?? 0) + 1)
  return room.registry.accounts.list().map(account => accountView(account, held.get(account.id) ?? 0))
}

export function showAccount(room: Room, username: string): AccountView {
  const account = find(room, username)
  return accountView(account, room.registry.reservations.list(account.id).length)
}

function accountView(account: Account, sites: number): AccountView {
  const { username, role, suspended, createdAt, mostNames } = account
  return { username, role, state: suspended === null ? 'active' : 'suspended', reason: suspended, createdAt, sites, mostNames }
}

/** Does what `change` names, and only that. An administrator can't take away their own rights. */
export async function changeAccount(room: Room, actor: Account, username: string, change: Static<typeof Change>): Promise<AccountView> {
  const account = find(room, username)
  if (actor.id === account.id && (change.state === 'suspended' || change.role === 'user')) {
    throw new AubergeError('conflict', 'You can\'t suspend or demote yourself. Another administrator can.')
  }
  if (change.password !== undefined) await setPassword(room, actor, account, change.password)
  if (change.role !== undefined && change.role !== account.role) setRole(room, actor, account, change.role)
  if (change.mostNames !== undefined) setMostNames(room, actor, account, change.mostNames)
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

function setMostNames(room: Room, actor: Account, account: Account, most: number | null): void {
  room.registry.accounts.setMostNames(account.id, most)
  audit(room, actor.username, 'account.quota', account.username, most === null ? 'as the house says' : `${most} names`)
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
