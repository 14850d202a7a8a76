// The soak: 10,000 connections asking at a fixed rate while the routing table changes 100 times a second. No request may be lost, memory must stay flat.
// `npm run bench -- soak --minutes=10`. Has no peer. Needs nginx (as the upstream). `--connections=`, `--rate=` change the load.
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import { backendCommand } from './relay/contestants.ts'
import { flag, memoryOf, Rig } from './relay/rig.ts'
import { cycle } from './relay/changes.ts'
import type { Orders, Tally } from './relay/visitors.ts'
import type { Result } from './table.ts'

const BACKEND = 18_500
const PORT = 18_501
/** Hosts that are asked for, all of them changing too. */
const HOSTS = 100
const CHANGES = 100
const SAMPLE = 10_000
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export async function run(flags: string[]): Promise<Result[]> {
  const seconds = Math.round(Number(flag(flags, 'minutes') ?? 10) * 60)
  const orders: Orders = {
    port: PORT, connections: Number(flag(flags, 'connections') ?? 10_000), addresses: 10, hosts: HOSTS, path: 'small', rate: Number(flag(flags, 'rate') ?? 4_000), seconds,
  }
  const rig = await Rig.open()
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const relay = await rig.start([process.execPath, here('relay/ours.ts'), String(PORT), String(BACKEND), '1000', rig.dir], PORT, ['pipe', 'ignore', 'inherit'])
    const visitors = await rig.start([process.execPath, here('relay/visitors.ts'), JSON.stringify(orders)], 0, ['pipe', 'pipe', 'inherit'])
    return await watch(relay, visitors, orders)
  } finally {
    await rig.close()
  }
}

async function watch(relay: ChildProcess, visitors: ChildProcess, orders: Orders): Promise<Result[]> {
  if (visitors.stdout === null || relay.stdin === null) throw new Error('no pipes')
  const said = createInterface({ input: visitors.stdout })[Symbol.asyncIterator]()
  await said.next()
  const samples: number[] = [await memoryOf(relay)]
  const sampling = setInterval(async () => { samples.push(await memoryOf(relay)); console.error(`${samples.length * 10 - 10} s: ${megabytes(samples.at(-1))} MB`) }, SAMPLE)
  const began = performance.now()
  let changes = 0
  const orderly = cycle(HOSTS, BACKEND)
  const changing = setInterval(() => {
    for (; changes < (performance.now() - began) / 1000 * CHANGES; changes++) relay.stdin?.write(`${JSON.stringify(orderly())}\n`)
  }, 5)
  const { value } = await said.next()
  clearInterval(changing)
  clearInterval(sampling)
  return results(JSON.parse(String(value)) as Tally, samples, changes, orders)
}

function results(tally: Tally, samples: number[], changes: number, orders: Orders): Result[] {
  const conditions = `${orders.connections} connections, ${orders.rate} requests/s in all to ${HOSTS} hosts, ${changes} changes of the table in ${orders.seconds} s, one worker, nginx behind on an address for each host`
  const one = (name: string, unit: string, ours: number, n: number, more = ''): Result => ({ name, unit, ours, peers: {}, ratios: {}, n, conditions: conditions + more })
  const lost = tally.sent - tally.ok
  return [
    one('soak lost', 'requests', lost, tally.sent, lost === 0 && tally.closed === 0 ? '' : `; ${JSON.stringify(tally)}`),
    one('soak answered', 'requests', tally.ok, tally.sent, `; connections closed on us: ${tally.closed}; not sent for want of an idle connection: ${tally.late}`),
    one('soak p99', 'ms', tally.p99, tally.ok, `; p50 ${tally.p50}, longest ${tally.max.toFixed(1)}`),
    one('soak memory growth', 'KiB/minute', slope(samples) / 1024 * 6, samples.length, `; linear fit without the first minute; MB every 10 s: ${samples.map(megabytes).join(' ')}`),
  ]
}

/** Least squares, per sample, without those of the first minute where there are enough. */
function slope(samples: number[]): number {
  const kept = samples.length > 12 ? samples.slice(6) : samples
  const middle = (kept.length - 1) / 2
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length
  const over = kept.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0)
  return over / kept.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
}

function megabytes(bytes = 0): string { return (bytes / 2 ** 20).toFixed(1) }
