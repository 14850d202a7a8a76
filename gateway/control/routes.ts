// The routing table: what answers for each host. Changed by states.ts and main's wiring, followed by push.ts and the admin's page.
import { isDeepStrictEqual } from 'node:util'
import type { Route } from '../../registry/types.ts'
import type { ToRelay } from '../messages.ts'

export type TableChange = Extract<ToRelay, { type: 'route' | 'routes' | 'gone' }>

export class RoutingTable {
  readonly #routes = new Map<string, Route>()
  readonly #followers = new Set<(change: TableChange) => void>()
  /** Grows with every change, and over restarts, for it starts with the clock. */
  #version = Date.now()

  get version(): number { return this.#version }

  /** A number for a change of something else that relays are told, in the order of the table's own. */
  next(): number { return ++this.#version }

  get(host: string): Route | undefined {
    return this.#routes.get(host)
  }

  all(): Route[] {
    return [...this.#routes.values()]
  }

  /**
   * Puts the route in place and returns the version that has it. What changes nothing is told to nobody, unless `anyway`.
   * A static route is what the administrator said on the command line: no site takes its place.
   */
  set(route: Route, anyway = false): number {
    if (route.kind === 'site' && this.#isFixed(route.host)) return this.#version
    if (!anyway && isDeepStrictEqual(this.#routes.get(route.host), route)) return this.#version
    this.#routes.set(route.host, route)
    return this.#tell({ type: 'route', version: this.#version + 1, route })
  }

  /** As `set` for several hosts of one site, of which relays see all or none. */
  setAll(routes: Route[], anyway = false): number {
    const changed = routes.filter(route => !this.#isFixed(route.host) && (anyway || !isDeepStrictEqual(this.#routes.get(route.host), route)))
    const [first] = changed
    if (!first) return this.#version
    for (const route of changed) this.#routes.set(route.host, route)
    const version = this.#version + 1
    return this.#tell(changed.length === 1 ? { type: 'route', version, route: first } : { type: 'routes', version, routes: changed })
  }

  remove(host: string): number {
    return this.#isFixed(host) ? this.#version : this.#drop(host)
  }

  /** Takes a static route away that was only for a while. */
  unfix(host: string): number {
    return this.#routes.get(host)?.kind === 'static' ? this.#drop(host) : this.#version
  }

  #drop(host: string): number {
    if (!this.#routes.delete(host)) return this.#version
    return this.#tell({ type: 'gone', version: this.#version + 1, host })
  }

  /** Calls `each` with every change from now on. */
  follow(each: (change: TableChange) => void): () => void {
    this.#followers.add(each)
    return () => { this.#followers.delete(each) }
  }

  #isFixed(host: string): boolean {
    const kind = this.#routes.get(host)?.kind
    return kind === 'static' || kind === 'panel'
  }

  #tell(change: TableChange): number {
    this.#version = change.version
    for (const follower of this.#followers) follower(change)
    return this.#version
  }
}

/** The hosts that a change is about. */
export function hostsOf(change: TableChange): string[] {
  return change.type === 'gone' ? [change.host] : change.type === 'route' ? [change.route.host] : change.routes.map(route => route.host)
}
