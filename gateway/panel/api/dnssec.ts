// How the zone is signed: the DS that its parent is to have, and the steps of a change of keys. Private keys never leave control and DNS.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import { caller } from '../gate.ts'
import type { Room } from '../parts.ts'
import { Signing } from '../shapes/name.ts'

const Step = Type.Object({ step: Type.Union([Type.Literal('roll'), Type.Literal('confirm'), Type.Literal('cancel'), Type.Literal('withdraw')]) })

export function addDnssec(app: App, room: Room): void {
  app.get('/api/dnssec', { config: { access: 'admin' }, schema: { summary: "The zone's keys, their DS records and what to do next", response: { 200: Signing } } }, () => room.desk.signing())
  app.post('/api/dnssec/:step', { config: { access: 'admin', errors: ['conflict'] }, schema: { summary: 'Begin a change of keys (roll), say that the parent has done what was asked (confirm), call off (cancel), begin to leave signing (withdraw)', params: Step, response: { 200: Signing } } }, request =>
    room.desk.signingStep(caller(request), request.params.step))
}
