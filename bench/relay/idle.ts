// Memory of a proxy for each idle kept-alive connection, 10,000 of them, each after one request. Used by bench/relay.ts.
import { fileURLToPath } from 'node:url'
import { backendCommand, ours, peers } from './contestants.ts'
import { memoryOf, pause, Rig, wrk } from './rig.ts'
import { compare, type Result } from '../table.ts'
import type { Orders } from './visitors.ts'

const BACKEND = 18_560
const CONNECTIONS = 10_000
/** What is freed soon is freed by then. */
const SETTLE = 5_000
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Every round with processes of its own: memory once taken is seldom given back. */
export async function idle(rounds: number): Promise<Result[]> {
  const taken: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    const rig = await Rig.open()
    try {
      await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
      for (const { name, port, children: [child] } of await rig.field([ours, ...peers], BACKEND + 1, BACKEND)) {
        if (child === undefined) continue
        await wrk(`http://127.0.0.1:${port}/small`, 2)
        await pause(SETTLE)
        const before = await memoryOf(child)
        const orders: Orders = { port, connections: CONNECTIONS, addresses: 10, hosts: 0, path: 'small', rate: 0, seconds: 0 }
        const visitors = await rig.start([process.execPath, here('visitors.ts'), JSON.stringify(orders)], 0, ['pipe', 'pipe', 'inherit'])
        await new Promise(resolve => visitors.stdout?.once('data', resolve))
        await pause(SETTLE)
        ;(taken[name] ??= []).push((await memoryOf(child) - before) / CONNECTIONS / 1024)
        visitors.kill('SIGKILL')
        await pause(1_000)
      }
    } finally {
      await rig.close()
    }
  }
  return [compare('relay idle connection memory', 'KiB', taken, `resident memory for each of ${CONNECTIONS} kept-alive connections after one request each, from 10 addresses; after 2 s of other load and ${SETTLE / 1000} s to settle`)]
}
