// `/admin`: the routing table. Filtered, sorted and cut here, so that it works without JavaScript and with thousands of rows; live with it.
import type { FastifyRequest } from 'fastify'
import type { RouteView } from '../../../desk.ts'
import type { App } from '../../app.ts'
import type { Room } from '../../parts.ts'
import { query, type Views } from '../views.ts'
import { showAdmin } from './show.ts'

/** Rows shown at first, and with each "show more". */
const PAGE = 100

export const COLUMNS = ['host', 'owner', 'state', 'upstream', 'perSecond', 'inFlight', 'requests', 'memory', 'lastRequestAt', 'lastWake'] as const
type Column = (typeof COLUMNS)[number]

export function addAdminRoutes(app: App, room: Room, views: Views): void {
  app.get('/admin', { config: { access: 'admin' } }, (request, reply) => {
    const all = room.desk.routes()
    const { filter, sort, down, rows } = choose(all, request)
    const most = Math.min(10_000, Math.max(PAGE, Number(query(request, 'most')) || PAGE))
    return showAdmin(room, views, request, reply, 'routes', {
      rows: rows.slice(0, most), shown: Math.min(most, rows.length), matching: rows.length, all: all.length, filter, sort, down, most, page: PAGE, columns: COLUMNS, scripts: ['routes.js'],
    })
  })
}

function choose(all: RouteView[], request: FastifyRequest) {
  const filter = query(request, 'filter').trim().slice(0, 100)
  const asked = query(request, 'sort')
  const sort = COLUMNS.find(column => column === asked) ?? 'host'
  const down = query(request, 'down') === '1'
  return { filter, sort, down, rows: arrange(all.filter(row => matches(row, filter)), sort, down) }
}

function matches(row: RouteView, filter: string): boolean {
  const text = [row.host, row.kind, row.owner, row.state, row.upstream].join(' ').toLowerCase()
  return filter.toLowerCase().split(/\s+/).every(word => text.includes(word))
}

function arrange(rows: RouteView[], sort: Column, down: boolean): RouteView[] {
  const order = (one: RouteView, other: RouteView) => compare(value(one, sort), value(other, sort)) || compare(one.host, other.host)
  return rows.sort((one, other) => down ? order(other, one) : order(one, other))
}

function value(row: RouteView, column: Column): string | number {
  return (column === 'lastWake' ? row.lastWake?.at : row[column]) ?? ''
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other
  return String(one) < String(other) ? -1 : Number(String(one) > String(other))
}
