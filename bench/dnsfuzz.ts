// `npm run bench -- dnsfuzz [--seconds=N] [--seed=N]`: packets made by chance (test/dns/fuzz.ts) into the name server's whole path, in this
// process, while the zone changes. Ends with an error at the first that breaks a rule, or where memory grows.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { change, check, dice, packet, target } from '../test/dns/fuzz.ts'
import type { Result } from './table.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Packets between two looks at the clock, and two changes of the zone. */
const ROUND = 1_000
/** Parts of the run after each of which memory is looked at; the first of them fills what is bounded (caches, tables). */
const PARTS = 10
/** Bytes the heap may be larger at the end than after the first part: what a run of the collector misses. */
const SLACK = 2 ** 20

export async function run(flags: string[]): Promise<Result[]> {
  const option = (name: string, otherwise: number): number => Number(flags.find(flag => flag.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
  const [seconds, seed] = [option('seconds', 60), option('seed', 1)]
  const roll = dice(seed)
  const responder = target()
  const heaps: number[] = []
  let packets = 0
  let slowest = 0
  for (let part = 1; part <= PARTS; part += 1) {
    const until = performance.now() + seconds * 1000 / PARTS
    for (; performance.now() < until; packets += ROUND) slowest = Math.max(slowest, round(responder, roll))
    collect()
    heaps.push(process.memoryUsage().heapUsed)
  }
  const [first = 0, last = 0] = [heaps[0], heaps.at(-1)]
  if (last > first + SLACK) throw new Error(`the heap grew from ${first} to ${last} bytes: ${heaps.join(' ')}`)
  const conditions = `seed ${seed}, ${seconds} s, heap ${(first / 2 ** 20).toFixed(1)} MiB after a tenth and ${(last / 2 ** 20).toFixed(1)} MiB at the end, RSS ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB, slowest ${ROUND} packets ${slowest.toFixed(0)} ms, no finding`
  return [{ name: 'fuzz of the name server', unit: 'packets', ours: packets, peers: {}, ratios: {}, n: 1, conditions }]
}

function round(responder: ReturnType<typeof target>, roll: ReturnType<typeof dice>): number {
  const start = performance.now()
  change(responder, roll)
  for (let n = 0; n < ROUND; n += 1) check(responder, packet(roll), roll)
  return performance.now() - start
}
