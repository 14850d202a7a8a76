// Tokens: how scripts sign in.
import { Type } from '@fastify/type-provider-typebox'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { audit } from './accounts.ts'

const MOST_TOKENS = 100
const NewToken = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) })
const Identified = Type.Object({ id: Type.String() })

export function addTokens(app: App, room: Room): void {
  app.get('/api/tokens', { config: { access: 'account' }, schema: { summary: 'My tokens, without their secrets' } }, request => room.registry.tokens.list(real(caller(request)).id))
  app.post('/api/tokens', { config: { access: 'account' }, schema: { summary: 'Make a token; it is shown once', body: NewToken } },
    (request, reply) => reply.code(201).send(createToken(room, caller(request), request.body.name)))
  app.delete('/api/tokens/:id', { config: { access: 'account' }, schema: { summary: 'Revoke a token', params: Identified } }, (request, reply) => {
    revokeToken(room, caller(request), request.params.id)
    return reply.code(204).send()
  })
}

export function createToken(room: Room, account: Account, name: string): { id: string; token: string } {
  if (room.registry.tokens.list(real(account).id).length >= MOST_TOKENS) throw new AubergeError('quota', `An account may have ${MOST_TOKENS} tokens: revoke one first.`)
  const made = room.registry.tokens.create(account.id, name)
  audit(room, account.username, 'token.create', name)
  return made
}

export function revokeToken(room: Room, account: Account, id: string): void {
  room.registry.tokens.revoke(real(account).id, id)
  audit(room, account.username, 'token.revoke', id)
}

/** The console is no account. */
function real(account: Account): Account {
  if (account.id === 0) throw new AubergeError('conflict', 'The console has no tokens: it needs none.')
  return account
}
