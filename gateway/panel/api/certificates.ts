// The house's certificates: the authority's own, for browsers to trust, and when which one ends. Private keys never leave control and the relays.
import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { Certificates } from '../shapes/house.ts'
import { stream } from '../shapes/shape.ts'

const Form = Type.Object({ form: Type.Optional(Type.Union([Type.Literal('pem'), Type.Literal('p12')])), of: Type.Optional(Type.Union([Type.Literal('zone'), Type.Literal('domains')], { description: 'the authority of the zone (as without), or the one of custom domains' })) })

export function addCertificates(app: App, room: Room): void {
  app.get('/api/certificates', { config: { access: 'admin' }, schema: { summary: 'When the authority and each certificate end', response: { 200: Certificates } } }, () => room.desk.certificates())
  app.get('/api/authority', { config: { access: 'admin' }, schema: { summary: "The house's own certificate authority, in PEM or PKCS#12", querystring: Form, response: { 200: stream('application/x-pem-file', 'the certificate, in the form asked for') } } }, (request, reply) => {
    const form = request.query.form ?? 'pem'
    return reply.type(form === 'pem' ? 'application/x-pem-file' : 'application/x-pkcs12').send(room.desk.authority(form, request.query.of))
  })
}
