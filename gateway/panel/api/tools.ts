// POST /api/sites/NAME/tools: an address that opens the site's Adminer once, for whoever follows it within a minute.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { ENTRANCE } from '../tools/door.ts'

const Named = Type.Object({ name: Type.String() })
const Opened = Type.Object({ url: Type.String() })

export function addTools(app: App, room: Room): void {
  app.post('/api/sites/:name/tools', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'An address that opens its Adminer, once and within a minute', params: Named, response: { 200: Opened } } },
    async request => ({ url: await openTools(room, request) }))
}

/** Makes a ticket, and the host where it is handed in. */
export async function openTools(room: Room, request: FastifyRequest): Promise<string> {
  const site = siteName(request)
  await room.hosts.open(caller(request), site)
  const ticket = room.passes.ticket({ site, account: caller(request), proof: request.proof, secret: request.secret })
  return `${request.protocol}://${site}--tools.${request.host}${ENTRANCE}?ticket=${ticket}`
}
