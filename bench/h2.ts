// HTTP/2 over TLS: CPU per request, 10 connections of 20 streams. Against nginx, Caddy, and what node:http2 costs alone.
// Needs h2load, openssl and the peers (Debian packages); what is missing is left out.
import { backendCommand } from './relay/contestants.ts'
import { h2load } from './relay/h2load.ts'
import { cpuOf, flag, inTurn, Rig } from './relay/rig.ts'
import { caddy, certify, floor, tlsNginx, tlsOurs } from './relay/tls-peers.ts'
import { compare, type Result } from './table.ts'

const BACKEND = 18_620
const SECONDS = 2

export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 5)
  const cpu: Record<string, number[]> = {}
  const rate: Record<string, number[]> = {}
  const rig = await Rig.open()
  try {
    await certify(rig.dir)
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = await rig.field([tlsOurs, tlsNginx, caddy, floor('h2')], BACKEND + 1, BACKEND)
    await inTurn(field, rounds + 1, async ({ name, port, children }, round) => {
      const before = await cpuOf(children)
      const { requests, seconds } = await h2load(port, ['-c', '10', '-m', '20', '-D', String(SECONDS)])
      if (round === 0) return
      ;(cpu[name] ??= []).push((await cpuOf(children) - before) / requests)
      ;(rate[name] ??= []).push(requests / seconds)
    })
  } finally {
    await rig.close()
  }
  const conditions = `HTTP/2 over TLS 1.3, 107-byte body, 10 connections of 20 streams, nginx behind (none behind node floor), Caddy on all cores and the others on one, ${SECONDS} s a run`
  return [compare('h2 request cpu', 'us/request', cpu, conditions), compare('h2 rate', 'requests/s', rate, conditions)]
}
