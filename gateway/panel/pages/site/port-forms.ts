// The forms of a site's own ports: opening and closing one, and for administrators how many its owner may open. Called by pages/all.ts.
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../../wire/error.ts'
import { changeSite } from '../../api/sites.ts'
import type { App } from '../../app.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, type Views } from '../views.ts'
import { addForm } from './forms.ts'
import { DOMAINS } from './sections.ts'

export function addPortForms(app: App, room: Room, views: Views): void {
  const place = { section: DOMAINS, fields: { invalid: 'port', quota: 'port', conflict: 'port', not_found: 'port' } }
  addForm(app, room, views, 'ports', 'port_opened', (request, name) => room.desk.expose(caller(request), name, numberIn(request, 'port'), { proxyProtocol: field(request, 'proxy') === 'on' }), place)
  addForm(app, room, views, 'ports/close', 'port_closed', (request, name) => room.desk.unexpose(caller(request), name, numberIn(request, 'port')), place)
  addForm(app, room, views, 'ports/allow', 'saved', (request, name) => changeSite(room, caller(request), name, { mostPorts: numberIn(request, 'most') }), { section: DOMAINS })
}

function numberIn(request: FastifyRequest, name: string): number {
  const text = field(request, name).trim()
  if (!/^\d{1,5}$/.test(text)) throw new AubergeError('invalid', 'a port is a whole number from 1 to 65535')
  return Number(text)
}
