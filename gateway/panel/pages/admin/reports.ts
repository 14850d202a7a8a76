// `/admin/reports`: what visitors reported; suspending is on the owner's page. And `/report`, where anybody writes one.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import { closeReport, KINDS, listReports, takeReport } from '../../api/reports.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { errorsOf, field, query, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, param, showAdmin } from './show.ts'

export function addReportPages(app: App, room: Room, views: Views): void {
  const list = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => showAdmin(room, views, request, reply, 'reports', { reports: listReports(room), ...data })
  app.get('/admin/reports', ADMIN, (request, reply) => list(request, reply))
  adminForm(app, '/admin/reports/:id/close', { act: request => closeReport(room, caller(request), Number(param(request, 'id'))), done: '/admin/reports?done=report_closed', again: list })

  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => views.show(request, reply, 'report', { kinds: KINDS, ...data })
  app.get('/report', { config: { access: 'anyone' } }, (request, reply) => show(request, reply, { values: { host: query(request, 'host').slice(0, 255) } }))
  app.post('/report', { config: { access: 'anyone', suspendedToo: true } }, (request, reply) => {
    const [host, text, contact] = ['host', 'text', 'contact'].map(key => field(request, key)) as [string, string, string]
    try {
      const kind = KINDS.find(one => one === field(request, 'kind')) ?? 'other'
      takeReport(room, request, { host, kind, text: text.slice(0, 4000), contact: contact.slice(0, 200) })
    } catch (error) {
      return show(request, reply, { errors: errorsOf(error, request, reply, { not_found: 'host', invalid: 'text' }), values: request.body as Data })
    }
    return reply.redirect('/report?done=reported', 303)
  })
}
