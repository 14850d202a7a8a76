// GET /api/names/NAME: whether a name could be reserved, and if not why, with names that could.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { labelOf, unicodeOf } from '../../../registry/names.ts'
import type { App } from '../app.ts'
import { speaker } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf } from '../visit.ts'
import { Verdict } from '../shapes/name.ts'

/** Suggestions in one answer. */
const SUGGESTED = 3

const Named = Type.Object({ name: Type.String() })

export function addNames(app: App, room: Room): void {
  app.get('/api/names/:name', { config: { access: 'anyone', errors: ['rate_limited'] }, schema: { summary: 'Is this name free? If not: why, and some that are', params: Named, response: { 200: Verdict } } }, request => {
    limit(room, request)
    return look(room, request, labelOf(request.params.name))
  })
}

/** `name` is what DNS holds; `unicode` how it is read, where that is something else. */
function look(room: Room, request: FastifyRequest, name: string) {
  const verdict = room.registry.reservations.check(name, request.who?.id)
  const read = unicodeOf(name)
  const seen = { name, ...(read === name ? {} : { unicode: read }) }
  if (verdict.available) return { ...seen, available: true }
  const { code, because } = verdict
  const reason = request.language === 'en' ? verdict.reason : speaker(request.language)(`name_${because}`, { name: name.slice(0, 63) })
  return { ...seen, available: false, code, because, reason, suggestions: suggest(room, request, read) }
}

/** Near what was typed, and free. */
function suggest(room: Room, request: FastifyRequest, typed: string): string[] {
  const plain = typed.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 40).replace(/^-+|-+$/g, '')
  if (plain === '') return []
  const who = request.who?.username.replace(/[^a-z0-9]+/g, '-')
  const near = [plain, ...(who === undefined ? [] : [`${plain}-${who}`]), `my-${plain}`, `${plain}-site`, `the-${plain}`, `${plain}-${new Date().getFullYear()}`, `${plain}-2`]
  return [...new Set(near)].filter(name => room.registry.reservations.check(name, request.who?.id).available).slice(0, SUGGESTED)
}

function limit(room: Room, request: FastifyRequest): void {
  if (room.door === 'console') return
  room.rates.take(`names ${visitor(addressOf(request))}`, RATES.names)
  if (request.who !== null) room.rates.take(`names of ${request.who.id}`, RATES.names)
}
