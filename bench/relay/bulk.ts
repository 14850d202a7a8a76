// CPU per GB of large downloads and uploads, four at a time. Used by bench/relay.ts.
import { fileURLToPath } from 'node:url'
import { backendCommand, ours, peers } from './contestants.ts'
import { cpuOf, exec, inTurn, Rig } from './rig.ts'
import { compare, type Result } from '../table.ts'

const BACKEND = 18_540
const SINK = 18_550
const PARALLEL = 4
const GB = PARALLEL * 100 * 2 ** 20 / 1e9
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export async function bulk(rounds: number): Promise<Result[]> {
  const rig = await Rig.open()
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    await rig.start([process.execPath, here('sink.ts'), String(SINK)], SINK)
    return [
      await moved(rig, 'downloads', BACKEND, rounds, port => ['-o', '/dev/null', `http://127.0.0.1:${port}/100m`]),
      await moved(rig, 'uploads', SINK, rounds, port => ['-o', '/dev/null', '-H', 'Expect:', '-T', `${rig.dir}/100m`, `http://127.0.0.1:${port}/up`]),
    ]
  } finally {
    await rig.close()
  }
}

async function moved(rig: Rig, what: string, backend: number, rounds: number, args: (port: number) => string[]): Promise<Result> {
  const field = await rig.field([ours, ...peers], backend + 1, backend)
  const cpu: Record<string, number[]> = {}
  await inTurn(field, rounds, async ({ name, port, children }) => {
    const before = await cpuOf(children)
    await Promise.all(Array.from({ length: PARALLEL }, () => exec('curl', ['-fsS', '-H', 'Host: bench.test', ...args(port)])))
    ;(cpu[name] ??= []).push((await cpuOf(children) - before) / 1000 / GB)
  })
  const conditions = `100 MiB bodies over HTTP/1.1, ${PARALLEL} at a time with curl, one process each, ${what === 'uploads' ? 'a sink behind, nginx with proxy_request_buffering off' : 'nginx behind'}`
  return compare(`relay ${what} cpu`, 'ms/GB', cpu, conditions)
}
