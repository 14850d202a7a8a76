// Following the routing table as the admin's page does: rows that changed, gathered, at most once a second. Called by front.ts.
import type { RouteView } from '../desk.ts'
import type { Parts } from './parts.ts'
import { hostsOf } from './routes.ts'
import { routeView } from './views.ts'

/** Milliseconds between two deliveries to one watcher. */
const PACE = 1_000
/** Milliseconds in which the first changes after a quiet time are gathered. */
const GATHER = 50

type WatchParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone' | 'activity' | 'guests' | 'memory' | 'table'>
type Each = (change: { rows: RouteView[]; gone: string[] }) => void

/** Calls `each` with what changed since the last call until `signal` aborts; nothing is remembered for nobody. */
export function watchRoutes(parts: WatchParts, each: Each, signal: AbortSignal): void {
  if (signal.aborted) return
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | null = null
  let last = 0
  const deliver = (): void => {
    timer = null
    last = Date.now()
    const hosts = [...changed]
    changed.clear()
    each(changes(parts, hosts))
  }
  const mark = (host: string): void => {
    changed.add(host)
    timer ??= setTimeout(deliver, Math.max(GATHER, last + PACE - Date.now()))
  }
  const leaveTable = parts.table.follow(change => { for (const host of hostsOf(change)) mark(host) })
  const leaveActivity = parts.activity.follow(mark)
  signal.addEventListener('abort', () => {
    leaveTable()
    leaveActivity()
    if (timer) clearTimeout(timer)
  }, { once: true })
}

function changes(parts: WatchParts, hosts: string[]): { rows: RouteView[]; gone: string[] } {
  const rows: RouteView[] = []
  const gone: string[] = []
  for (const host of hosts) {
    const route = parts.table.get(host)
    if (route) rows.push(routeView(parts, route))
    else gone.push(host)
  }
  return { rows, gone }
}
