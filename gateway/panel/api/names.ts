// GET /api/names/NAME: whether a name could be reserved, and why not.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { speaker } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf } from '../visit.ts'

const Named = Type.Object({ name: Type.String() })

export function addNames(app: App, room: Room): void {
  app.get('/api/names/:name', { config: { access: 'anyone' }, schema: { summary: 'Is this name free?', params: Named } }, request => {
    limit(room, request)
    const { name } = request.params
    const verdict = room.registry.reservations.check(name, request.who?.id)
    if (verdict.available) return { name, available: true }
    const reason = request.language === 'en' ? verdict.reason : speaker(request.language)(`error_${verdict.code}`)
    return { name, available: false, code: verdict.code, reason }
  })
}

function limit(room: Room, request: FastifyRequest): void {
  if (room.door === 'console') return
  room.rates.take(`names ${visitor(addressOf(request))}`, RATES.names)
  if (request.who !== null) room.rates.take(`names of ${request.who.id}`, RATES.names)
}
