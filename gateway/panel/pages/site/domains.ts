// The forms of custom domains: they add, check, choose the address and give back. Called by pages/all.ts.
import type { FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import { mayLook } from '../../api/domains.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, type Views } from '../views.ts'
import { addForm, type FormPlace } from './forms.ts'
import { DOMAINS } from './sections.ts'

const AT_FIELD: FormPlace = { section: DOMAINS, fields: { domain_invalid: 'domain', domain_taken: 'domain', quota: 'domain', invalid: 'domain', conflict: 'form' } }

export function addDomainForms(app: App, room: Room, views: Views): void {
  const { desk } = room
  const named = (request: FastifyRequest): string => field(request, 'domain')
  addForm(app, room, views, 'domains/add', 'domain_added', (request, name) => {
    mayLook(room, request)
    return desk.addDomain(caller(request), name, named(request), { www: field(request, 'www') === 'on' })
  }, AT_FIELD)
  addForm(app, room, views, 'domains/check', 'domain_checked', (request, name) => {
    mayLook(room, request)
    return desk.checkDomain(name, named(request))
  }, { section: DOMAINS })
  addForm(app, room, views, 'domains/canonical', 'domain_canonical', (request, name) => desk.changeDomain(caller(request), name, named(request), { canonical: field(request, 'canonical') === 'on' }), { section: DOMAINS })
  addForm(app, room, views, 'domains/remove', 'domain_removed', (request, name) => desk.removeDomain(caller(request), name, named(request)), { section: DOMAINS })
}
