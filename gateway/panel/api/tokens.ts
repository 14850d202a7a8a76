// Tokens: how scripts sign in, each with no more rights than its work needs.
import { Type, type Static } from '@fastify/type-provider-typebox'
import { AubergeError } from '../../../wire/error.ts'
import type { Account, TokenScope } from '../../../registry/types.ts'
import type { Token } from '../../../registry/registry.ts'
import type { App } from '../app.ts'
import { caller, person } from '../gate.ts'
import type { Room } from '../parts.ts'
import { audit } from './accounts.ts'
import { NewToken as Made, Token as Shown } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

const MOST_TOKENS = 100
const NewToken = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  scope: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('read'), Type.Literal('deploy'), Type.Literal('dyndns')], { description: 'what it may do: everything (as without), look, deploy `site`, or say by dyndns2 where `site` (or any name of the account) points, and nothing else' })),
  site: Type.Optional(Type.String({ maxLength: 300, description: 'with scope deploy: which site; with dyndns: which name' })),
}, { additionalProperties: false })
const Identified = Type.Object({ id: Type.String({ maxLength: 100 }) })

export type TokenView = Omit<Token, 'scope'> & { scope: TokenScope['may']; site: string | null }

export function addTokens(app: App, room: Room): void {
  app.get('/api/tokens', { config: { access: 'account' }, schema: { summary: 'My tokens, without their secrets', response: { 200: Type.Array(Shown) } } }, request => listTokens(room, caller(request)))
  app.post('/api/tokens', { config: { access: 'account', errors: ['not_found', 'quota'] }, schema: { summary: 'Make a token; it is shown once', body: NewToken, response: { 201: Made } } },
    async (request, reply) => reply.code(201).send(createToken(room, caller(request), request.body)))
  app.delete('/api/tokens/:id', { config: { access: 'account', errors: ['not_found'] }, schema: { summary: 'Revoke a token', params: Identified, response: { 204: nothing } } }, async (request, reply) => {
    revokeToken(room, caller(request), request.params.id)
    return reply.code(204).send()
  })
}

export function listTokens(room: Room, account: Account): TokenView[] {
  return room.registry.tokens.list(person(account).id).map(({ scope, ...token }) => ({ ...token, ...spelled(scope) }))
}

export function createToken(room: Room, account: Account, wish: Static<typeof NewToken>): { id: string; token: string; scope: TokenScope['may']; site: string | null } {
  if (room.registry.tokens.list(person(account).id).length >= MOST_TOKENS) throw new AubergeError('quota', `An account may have ${MOST_TOKENS} tokens: revoke one first.`)
  const scope = scopeOf(room, account, wish)
  const made = room.registry.tokens.create(account.id, wish.name, scope)
  const { scope: may, site } = spelled(scope)
  audit(room, account.username, 'token.create', wish.name, site === null ? may : `${may} ${site}`)
  return { ...made, scope: may, site }
}

function scopeOf(room: Room, account: Account, { scope: may = 'all', site }: Static<typeof NewToken>): TokenScope {
  if (may === 'dyndns' && site === undefined) return { may, site: null }
  if (may === 'all' || may === 'read') {
    if (site !== undefined) throw new AubergeError('invalid', 'A site is for tokens of scope "deploy" and "dyndns".')
    return { may }
  }
  if (site === undefined) throw new AubergeError('invalid', 'Say in "site" which site the token deploys.')
  const reservation = room.registry.reservations.get(site)
  if (reservation && (reservation.kind === 'site' || may === 'dyndns') && (reservation.owner === account.id || account.role === 'admin')) return { may, site }
  throw new AubergeError('not_found', `There is no site "${site}".`)
}

function spelled(scope: TokenScope): { scope: TokenScope['may']; site: string | null } {
  return { scope: scope.may, site: 'site' in scope ? scope.site : null }
}

export function revokeToken(room: Room, account: Account, id: string): void {
  room.registry.tokens.revoke(person(account).id, id)
  audit(room, account.username, 'token.revoke', id)
}
