// auberge routes: the routing table as it is now.
import { answer, type Desk } from './desk.ts'
import { moment, table } from './table.ts'

type RouteView = {
  host: string; kind: string; site: string | null; owner: string | null; state: string | null; upstream: string | null
  inFlight: number; requests: number; lastRequestAt: number | null; lastWake: { at: number; cause: string; ms: number } | null
}

export async function listRoutes(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<RouteView[]>('GET', '/api/routes'), routes =>
    table(['HOST', 'KIND', 'STATE', 'UPSTREAM', 'NOW', 'REQUESTS', 'LAST REQUEST', 'LAST WAKE'], routes.map(row), 'no routes'))
}

function row(route: RouteView): (string | number | null)[] {
  const wake = route.lastWake && `${moment(route.lastWake.at)} ${Math.round(route.lastWake.ms)} ms (${route.lastWake.cause})`
  return [route.host, route.kind, route.state, route.upstream, route.inFlight, route.requests, moment(route.lastRequestAt), wake]
}
