// The relay against nginx, HAProxy and http-proxy over HTTP/1.1: CPU, rate, latency, large bodies, memory; and against itself with more routes and workers.
// Contestants take turns, each round in another order. Needs wrk, h2load, curl, nginx and haproxy (Debian packages); proxies that are missing are left out.
import { bulk } from './relay/bulk.ts'
import { routes, small } from './relay/cpu.ts'
import { idle } from './relay/idle.ts'
import { latency } from './relay/latency.ts'
import { flag } from './relay/rig.ts'
import { workers } from './relay/workers.ts'
import type { Result } from './table.ts'

const PARTS: Record<string, (rounds: number, only?: string) => Promise<Result[]>> = { small, latency, bulk, idle: rounds => idle(Math.min(rounds, 3)), routes, workers }

/** `--part=NAME` measures one part, `--only=NAME` ours and one peer (part `small`); `--rounds=N` sets the rounds. */
export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 5)
  const part = flag(flags, 'part')
  const chosen = part === undefined ? Object.values(PARTS) : [PARTS[part]]
  const results: Result[] = []
  for (const measure of chosen) {
    if (measure === undefined) throw new Error(`relay has no part "${part}"; it has ${Object.keys(PARTS).join(', ')}`)
    results.push(...await measure(rounds, flag(flags, 'only')))
  }
  return results
}
