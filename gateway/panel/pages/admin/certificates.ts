// `/admin/certificates`: which are served, what is ordered of the ACME server and how that stands, the house's own authority. Keys never come here.
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../../../wire/error.ts'
import type { AcmeHouse, AcmeStep } from '../../../desk.ts'
import type { App } from '../../app.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, query, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, showAdmin } from './show.ts'

/** Rows shown at first, and with each "show more". */
const PAGE = 50
const WEEK = 7 * 24 * 3600 * 1000
/** Milliseconds after which an order goes on by itself, and the page says that it is under way. */
const PATIENCE = 5_000
const STEPS: readonly AcmeStep[] = ['renew', 'revoke', 'rollover']

export function addAdminCertificates(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => showAdmin(room, views, request, reply, 'certificates', { ...seen(room, request), ...data })
  app.get('/admin/certificates', ADMIN, (request, reply) => show(request, reply))
  adminForm(app, '/admin/certificates', { act: request => begin(room, request), done: '/admin/certificates?done=acme_step', again: show })
}

function seen(room: Room, request: FastifyRequest): Data {
  const { authority, leaves, acme } = room.desk.certificates()
  const filter = query(request, 'filter').trim().toLowerCase().slice(0, 253)
  const most = Math.min(10_000, Math.max(PAGE, Number(query(request, 'most')) || PAGE))
  const matching = leaves.filter(({ names }) => names.some(name => name.includes(filter))).sort((one, other) => one.expiresAt - other.expiresAt)
  const orders = ordersOf(acme).filter(({ names }) => names.some(name => name.includes(filter)))
  return {
    authority, acme, filter, most, page: PAGE, orders: orders.slice(0, most), orderCount: orders.length, leaves: matching.slice(0, most), leafCount: matching.length,
    all: leaves.length, trusted: leaves.filter(leaf => leaf.trusted).length, soon: (at: number) => at - Date.now() < WEEK, forDomains: hasDomainAuthority(room), scripts: orders.some(({ state }) => state === 'ordering') ? ['again.js'] : [],
  }
}

/** Those with trouble first, then those that are renewed next. */
function ordersOf(acme: AcmeHouse | null): AcmeHouse['orders'] {
  return [...acme?.orders ?? []].sort((one, other) => Number(other.trouble !== null) - Number(one.trouble !== null) || (one.renewAt ?? 0) - (other.renewAt ?? 0))
}

function hasDomainAuthority({ desk }: Room): boolean {
  try {
    desk.authority('pem', 'domains')
    return true
  } catch {
    return false
  }
}

/** An order may take a minute; what goes wrong after `PATIENCE` is beside it in the list. */
async function begin(room: Room, request: FastifyRequest): Promise<void> {
  const step = STEPS.find(one => one === field(request, 'step'))
  if (step === undefined) throw new AubergeError('bad_request', 'There is no such step.')
  const taken = room.desk.acmeStep(caller(request), step, field(request, 'name') || undefined)
  taken.catch(error => request.log.warn({ err: error }, `acme ${step} failed`))
  await Promise.race([taken, pause(PATIENCE, undefined, { ref: false })])
}
