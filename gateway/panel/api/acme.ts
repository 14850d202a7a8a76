// The certificates that an ACME server gives the house: how orders stand, and what an administrator does about them.
import { Type } from '@fastify/type-provider-typebox'
import type { AcmeStep } from '../../desk.ts'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { caller } from '../gate.ts'
import { Acme } from '../shapes/house.ts'

const Name = Type.Union([Type.Object({ name: Type.Optional(Type.String({ maxLength: 253 })) }, { additionalProperties: false }), Type.Null()])
const STEPS: [AcmeStep, string][] = [
  ['renew', 'Orders another certificate now'], ['revoke', 'Orders another and has the one there was revoked: its key was stolen'], ['rollover', 'Another key for the account'],
]

export function addAcme(app: App, room: Room): void {
  app.get('/api/acme', { config: { access: 'admin' }, schema: { summary: 'How orders of certificates stand', response: { 200: Acme } } }, () => room.desk.acme())
  for (const [step, summary] of STEPS) {
    app.post(`/api/acme/${step}`, { config: { access: 'admin', errors: ['not_found', 'conflict'] }, schema: { summary, body: Name, response: { 200: Acme } } }, request => room.desk.acmeStep(caller(request), step, request.body?.name))
  }
}
