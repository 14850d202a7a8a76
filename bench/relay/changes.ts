// An endless run of changes to the routing table, as control would push them. Used by bench/soak.ts.
import type { ToRelay } from '../../gateway/messages.ts'

/** Hosts that come and go besides those under load: so many at a time. */
const STRANGERS = 500

/** In turn: a stranger comes, a host under load moves to the upstream's other address, a stranger moves, another goes. Hosts under load with odd numbers are sites.
 * Each host has addresses of its own, as pods do: one pool of connections, with a site's bound, is not shared by all. */
export function cycle(hosts: number, backend: number): () => ToRelay {
  let version = 1
  let step = 0
  const upstream = (host: number, which: number): { address: string; port: number } => ({ address: `127.0.${which % 2 + 2}.${host}`, port: backend })
  return () => {
    version++
    const round = Math.floor(step / 4)
    switch (step++ % 4) {
      case 0: return { type: 'route', version, route: { host: `new${round}.bench.test`, kind: 'static', upstream: upstream(1, 0) } }
      case 1: return { type: 'route', version, route: loaded(round % hosts + 1, upstream(round % hosts + 1, Math.floor(round / hosts))) }
      case 2: return { type: 'route', version, route: { host: `new${Math.max(0, round - 10)}.bench.test`, kind: 'static', upstream: upstream(1, 1) } }
      default: return { type: 'gone', version, host: `new${Math.max(0, round - STRANGERS)}.bench.test` }
    }
  }
}

function loaded(i: number, upstream: { address: string; port: number }): Extract<ToRelay, { type: 'route' }>['route'] {
  const host = `h${i}.bench.test`
  if (i % 2 === 0) return { host, kind: 'static', upstream }
  return { host, kind: 'site', site: `h${i}`, state: 'running', upstream }
}
