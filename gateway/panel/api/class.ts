// POST /api/accounts/import: accounts for a whole class; the passwords are in this answer and nowhere else.
import { Type } from '@fastify/type-provider-typebox'
import type { Account } from '../../../registry/types.ts'
import type { App } from '../app.ts'
import { enrol, MOST_PEOPLE, type Person } from '../class.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { audit } from './accounts.ts'
import { Person as Shown } from '../shapes/person.ts'

const People = Type.Object({
  people: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: MOST_PEOPLE, description: 'names of people; usernames and passwords are made' }),
}, { additionalProperties: false })

export function addClass(app: App, room: Room): void {
  app.post('/api/accounts/import', { config: { access: 'admin', errors: ['username_taken', 'rate_limited'] }, schema: { summary: 'Make accounts for a class: all of them, or none; passwords are shown once', body: People, response: { 201: Type.Array(Shown) } } },
    async (request, reply) => reply.code(201).send(await takeIn(room, caller(request), request.body.people)))
}

export async function takeIn(room: Room, actor: Account, people: string[]): Promise<Person[]> {
  const enrolled = enrol(people, username => room.registry.accounts.byName(username) !== null)
  await room.registry.accounts.createAll(enrolled)
  for (const { username } of enrolled) audit(room, actor.username, 'account.create', username, 'of a list')
  return enrolled
}
