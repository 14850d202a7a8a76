// TLS 1.3 with an ECDSA P-256 certificate: CPU of a new connection with one request, and of a request on a kept-alive one; HTTP/1.1.
// Against nginx, HAProxy, Caddy, and what Node's TLS costs alone. Needs h2load, openssl and the peers (Debian packages); what is missing is left out.
import { backendCommand } from './relay/contestants.ts'
import { h2load } from './relay/h2load.ts'
import { cpuOf, flag, inTurn, Rig } from './relay/rig.ts'
import { caddy, certify, floor, passing, tlsHaproxy, tlsNginx, tlsOurs } from './relay/tls-peers.ts'
import { compare, type Result } from './table.ts'

const BACKEND = 18_600
/** Connections at once, and how often in a run: CPU is counted in steps of 10 ms. */
const NEW = 500
const TIMES = 4
const SECONDS = 2

export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 5)
  const fresh: Record<string, number[]> = {}
  const kept: Record<string, number[]> = {}
  const rig = await Rig.open()
  try {
    await certify(rig.dir)
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = await rig.field([tlsOurs, tlsNginx, tlsHaproxy, caddy, floor('h1'), passing], BACKEND + 1, BACKEND)
    await inTurn(field, rounds + 1, async ({ name, port, children }, round) => {
      const start = await cpuOf(children)
      for (let i = 0; i < TIMES; i++) await h2load(port, ['--h1', '-c', String(NEW), '-n', String(NEW)])
      const middle = await cpuOf(children)
      const asked = await h2load(port, ['--h1', '-c', '64', '-D', String(SECONDS)])
      if (round === 0) return
      ;(fresh[name] ??= []).push((middle - start) / NEW / TIMES)
      ;(kept[name] ??= []).push((await cpuOf(children) - middle) / asked.requests)
    })
  } finally {
    await rig.close()
  }
  const conditions = 'TLS 1.3, ECDSA P-256, HTTP/1.1, 107-byte body, nginx behind (none behind node floor; node passing hands the bytes on unread), Caddy on all cores and the others on one'
  return [
    compare('tls new connection cpu', 'us/connection', fresh, `${conditions}, ${NEW} connections at once without resumption, one request each`),
    compare('tls request cpu', 'us/request', kept, `${conditions}, 64 kept-alive connections, ${SECONDS} s a run`),
  ]
}
