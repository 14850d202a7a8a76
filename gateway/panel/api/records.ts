// Records in DNS: those an owner keeps under a name, and those an administrator keeps in the zone. What they may be is in registry/records.ts.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { RATES } from '../rates.ts'
import { Records as Shown } from '../shapes/name.ts'

const Named = Type.Object({ name: Type.String() })

const Record = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 300, description: 'relative to the site\'s name, @ (or nothing) for itself; * at its beginning is a wildcard. A whole name below the site\'s is taken, too' })),
  type: Type.String({ maxLength: 10, description: 'A, AAAA, CNAME, MX, TXT, SRV or CAA' }),
  ttl: Type.Optional(Type.Integer({ description: 'seconds, 30 to 86400; 300 where it is left out' })),
  data: Type.String({ maxLength: 10_000, description: 'as zone files write it: "10 mail.example.org.", "v=spf1 -all"; names are whole' }),
}, { additionalProperties: false })

const Records = Type.Union([Type.Array(Record, { maxItems: 1000 }), Type.Object({ records: Type.Array(Record, { maxItems: 1000 }) }, { additionalProperties: false })])

export function addRecords(app: App, room: Room): void {
  const { desk } = room
  app.get('/api/sites/:name/records', { config: { access: 'owner' }, schema: { summary: 'The DNS records kept under the name', params: Named, response: { 200: Shown } } },
    request => desk.records(siteName(request)))
  app.put('/api/sites/:name/records', { config: { access: 'owner', errors: ['rate_limited'] }, schema: { summary: 'Others in their place, all or none; the answer comes when DNS has them', params: Named, body: Records, response: { 200: Shown } } },
    request => { mayChange(room, request); return desk.keepRecords(caller(request), siteName(request), request.body) })
  app.get('/api/zone/records', { config: { access: 'admin' }, schema: { summary: 'The DNS records of the zone itself: MX, TXT, CAA and NS at its apex, and names that nobody can reserve', response: { 200: Shown } } },
    () => desk.zoneRecords())
  app.put('/api/zone/records', { config: { access: 'admin' }, schema: { summary: 'Others in their place, all or none', body: Records, response: { 200: Shown } } },
    request => desk.keepZoneRecords(caller(request), request.body))
}

/** On the machine itself an administrator's scripts may go through all names. */
export function mayChange({ rates, door }: Room, request: FastifyRequest): void {
  if (door !== 'console') rates.take(`records ${caller(request).id}`, RATES.records)
}
