// The soak: 10,000 connections asking at a fixed rate while the routing table changes 100 times a second. No request may be lost, memory must stay flat.
// `npm run bench -- soak --minutes=10`. Has no peer. Needs nginx (as the upstream). `--connections=`, `--rate=` change the load.
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import { backendCommand } from './relay/contestants.ts'
import { flag, memoryOf, pause, Rig } from './relay/rig.ts'
import { cycle } from './relay/changes.ts'
import type { Orders, Tally } from './relay/visitors.ts'
import type { Result } from './table.ts'

const BACKEND = 18_500
const PORT = 18_501
/** Hosts that are asked for, all of them changing too. */
const HOSTS = 100
const CHANGES = 100
const SAMPLE = 10_000
/** Milliseconds until all that is made once has been made, and until what a collection frees is given back. */
const WARM = 60_000
const SETTLE = 2_000
/** Bytes at first and at last. */
type Needs = [number, number]
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export async function run(flags: string[]): Promise<Result[]> {
  const seconds = Math.round(Math.max(2, Number(flag(flags, 'minutes') ?? 10)) * 60)
  const orders: Orders = {
    port: PORT, connections: Number(flag(flags, 'connections') ?? 10_000), addresses: 10, hosts: HOSTS, path: 'small', rate: Number(flag(flags, 'rate') ?? 4_000), seconds,
  }
  const rig = await Rig.open()
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const relay = await rig.start([process.execPath, '--expose-gc', here('relay/ours.ts'), String(PORT), String(BACKEND), '1000', rig.dir], PORT, ['pipe', 'ignore', 'inherit'])
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
  const [early, late] = [WARM, orders.seconds * 1000 - 2 * SETTLE].map(time => pause(time).then(() => needed(relay)))
  const { value } = await said.next()
  clearInterval(changing)
  clearInterval(sampling)
  const needs: Needs = [await early ?? 0, await late ?? 0]
  return results(JSON.parse(String(value)) as Tally, { samples, needs }, changes, orders)
}

/** Resident memory without garbage, bytes: V8 lets much of that gather where connections come and go, and frees it now and then. */
async function needed(relay: ChildProcess): Promise<number> {
  relay.stdin?.write('collect\n')
  await pause(SETTLE)
  return memoryOf(relay)
}

function results(tally: Tally, { samples, needs: [early, late] }: { samples: number[]; needs: Needs }, changes: number, orders: Orders): Result[] {
  const conditions = `${orders.connections} connections, ${orders.rate} requests/s in all to ${HOSTS} hosts, ${changes} changes of the table in ${orders.seconds} s, one worker, nginx behind on an address for each host`
  const one = (name: string, unit: string, ours: number, n: number, more = ''): Result => ({ name, unit, ours, peers: {}, ratios: {}, n, conditions: conditions + more })
  const lost = tally.sent - tally.ok
  return [
    one('soak lost', 'requests', lost, tally.sent, lost === 0 && tally.closed === 0 ? '' : `; ${JSON.stringify(tally)}`),
    one('soak answered', 'requests', tally.ok, tally.sent, `; connections closed on us: ${tally.closed}; not sent for want of an idle connection: ${tally.late}`),
    one('soak p99', 'ms', tally.p99, tally.ok, `; p50 ${tally.p50}, longest ${tally.max.toFixed(1)}`),
    one('soak memory growth', 'MB', (late - early) / 2 ** 20, 1, `; without garbage, from ${WARM / 1000} s after the beginning (${megabytes(early)} MB) until just before the end (${megabytes(late)} MB); with it, MB every 10 s: ${samples.map(megabytes).join(' ')}`),
  ]
}

function megabytes(bytes = 0): string { return (bytes / 2 ** 20).toFixed(1) }
