// `/sites`: an account's sites, and reserving another name, for a site or for what is elsewhere.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { labelOf } from '../../../registry/names.ts'
import type { App } from '../app.ts'
import { listFinals } from '../api/finals.ts'
import { createSite } from '../api/sites.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { errorsOf, field, query, type Data, type Views } from './views.ts'

const AT_ELSEWHERE = { name_taken: 'elsewhere', name_invalid: 'elsewhere', name_reserved: 'elsewhere', quota: 'elsewhere', invalid: 'addresses' }

export function addSitesPage(app: App, room: Room, views: Views): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, data: Data) =>
    views.show(request, reply, 'sites', { finals: (await listFinals(room, caller(request)).catch(() => [])).length, sites: room.desk.list(caller(request)), scripts: ['names.js', 'live.js'], ...data })

  app.get('/sites', { config: { access: 'account' } }, (request, reply) => show(request, reply, { values: { name: query(request, 'name') } }))
  app.post('/sites/elsewhere', { config: { access: 'account' } }, async (request, reply) => {
    const [name, addresses] = [field(request, 'elsewhere').trim(), field(request, 'addresses')]
    try {
      await createSite(room, caller(request), { name: labelOf(name), kind: 'external', addresses: addresses.split(/[\s,]+/).filter(one => one !== '') })
    } catch (error) {
      return show(request, reply, { errors: errorsOf(error, request, reply, AT_ELSEWHERE), values: { elsewhere: name, addresses } })
    }
    return reply.redirect(`/sites/${encodeURIComponent(labelOf(name))}/domains?done=created`, 303)
  })
  app.post('/sites', { config: { access: 'account' } }, async (request, reply) => {
    const name = field(request, 'name').trim()
    try {
      await createSite(room, caller(request), { name: labelOf(name) })
    } catch (error) {
      if (isOwn(room, request, labelOf(name))) return reply.redirect(`/sites/${encodeURIComponent(labelOf(name))}?done=yours`, 303)
      return show(request, reply, { errors: errorsOf(error, request, reply), values: { name } })
    }
    return reply.redirect(`/sites/${encodeURIComponent(labelOf(name))}?done=created`, 303)
  })
}

/** Whoever pressed the button twice has the name already. */
function isOwn({ registry }: Room, request: FastifyRequest, name: string): boolean {
  return registry.reservations.get(name)?.owner === caller(request).id
}
