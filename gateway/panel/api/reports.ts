// Reports of abuse: anybody may write one, administrators read and close them.
import { Type, type Static } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { Account } from '../../../registry/types.ts'
import type { Report } from '../../../registry/registry.ts'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { addressOf } from '../visit.ts'
import { audit } from './accounts.ts'
import { Report as Shown } from '../shapes/person.ts'
import { nothing } from '../shapes/shape.ts'

export const KINDS = ['phishing', 'malware', 'illegal', 'spam', 'other'] as const
/** Reports in one answer. */
const SHOWN = 500

const NewReport = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 255, description: 'the address of the site: blog.example.org' }),
  kind: Type.Union([Type.Literal('phishing'), Type.Literal('malware'), Type.Literal('illegal'), Type.Literal('spam'), Type.Literal('other')]),
  text: Type.String({ minLength: 1, maxLength: 4000 }),
  contact: Type.Optional(Type.String({ maxLength: 200, description: 'how to reach who reports' })),
}, { additionalProperties: false })
const Taken = Type.Object({ taken: Type.Literal(true) })
const Identified = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) })

/** A report and whose site it is about; null: nobody's any more. */
export type ReportView = Report & { site: string | null; owner: string | null }

export function addReports(app: App, room: Room): void {
  app.post('/api/reports', { config: { access: 'anyone', suspendedToo: true, errors: ['not_found', 'rate_limited'] }, schema: { summary: 'Report a site that does harm', body: NewReport, response: { 202: Taken } } }, async (request, reply) => {
    takeReport(room, request, request.body)
    return reply.code(202).send({ taken: true })
  })
  app.get('/api/reports', { config: { access: 'admin' }, schema: { summary: 'What visitors reported, open reports first', response: { 200: Type.Array(Shown) } } }, () => listReports(room))
  app.post('/api/reports/:id/close', { config: { access: 'admin', errors: ['not_found'] }, schema: { summary: 'It has been dealt with', params: Identified, response: { 204: nothing } } }, async (request, reply) => {
    closeReport(room, caller(request), Number(request.params.id))
    return reply.code(204).send()
  })
}

/** `not_found` where no site of this house is there; `rate_limited` for who reports without end, and for a host that everybody reports. */
export function takeReport(room: Room, request: FastifyRequest, { host: said, kind, text, contact = '' }: Static<typeof NewReport>): void {
  const host = said.trim().toLowerCase().replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
  if (room.door === 'visitors') room.rates.take(`report ${visitor(addressOf(request))}`, RATES.reports)
  if (siteAt(room, host) === null) throw new AubergeError('not_found', `There is no site ${JSON.stringify(host.slice(0, 100))} in this house.`)
  if (text.trim() === '') throw new AubergeError('invalid', 'Say what is wrong.')
  room.rates.take(`report of ${host}`, RATES.reportsOfHost)
  room.registry.reports.add({ host, kind, text: text.trim(), contact: contact.trim() === '' ? null : contact.trim() })
}

export function listReports(room: Room): ReportView[] {
  return room.registry.reports.list(SHOWN).map(report => ({ ...report, ...(siteAt(room, report.host) ?? { site: null, owner: null }) }))
}

export function closeReport(room: Room, actor: Account, id: number): void {
  room.registry.reports.close(id, actor.username)
  audit(room, actor.username, 'report.close', String(id))
}

/** The site that answers at a host, and whose it is. */
function siteAt({ registry, house, desk }: Room, host: string): { site: string; owner: string | null } | null {
  const name = host.endsWith(`.${house.zone}`) ? host.slice(0, -house.zone.length - 1) : desk.routes().find(route => route.host === host)?.site ?? ''
  const reservation = registry.reservations.get(name)
  return reservation && { site: name, owner: registry.accounts.get(reservation.owner)?.username ?? null }
}
