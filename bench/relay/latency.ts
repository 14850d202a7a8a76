// What a proxy adds to the 99th percentile at half of its own peak rate: the same rate goes straight to the upstream, and is subtracted. Used by bench/relay.ts.
import { readFile } from 'node:fs/promises'
import { backendCommand, ours, peers } from './contestants.ts'
import { exec, inTurn, Rig, wrk } from './rig.ts'
import { compare, median, type Result } from '../table.ts'

const BACKEND = 18_520
const CONNECTIONS = 32
const SECONDS = 4

export async function latency(rounds: number): Promise<Result[]> {
  const rig = await Rig.open()
  const added: Record<string, number[]> = {}
  const whole: Record<string, number[]> = {}
  const peaks: Record<string, number[]> = {}
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = await rig.field([ours, ...peers], BACKEND + 1, BACKEND)
    await inTurn(field, 2, async ({ name, port }) => {
      const { requests, seconds } = await wrk(`http://127.0.0.1:${port}/small`, 2)
      ;(peaks[name] ??= []).push(requests / seconds)
    })
    await inTurn(field, rounds, async ({ name, port }) => {
      const rate = Math.max(...peaks[name] ?? [0]) / 2
      const direct = await p99(rig.dir, BACKEND, rate)
      const through = await p99(rig.dir, port, rate)
      ;(added[name] ??= []).push(through - direct)
      ;(whole[name] ??= []).push(through)
    })
  } finally {
    await rig.close()
  }
  const rates = Object.entries(peaks).map(([name, values]) => `${name} ${Math.round(Math.max(...values) / 2)}`).join(', ')
  const conditions = `HTTP/1.1, 107-byte body, ${CONNECTIONS} connections at a fixed rate in all (h2load --rps), half of each one's own peak: ${rates} requests/s; ${SECONDS} s a run`
  return [
    compare('relay p99 added', 'us', added, `${conditions}; less the p99 of the same rate without a proxy, taken just before`),
    compare('relay p99 whole', 'us', whole, `${conditions}; median p99 of all: ${Math.round(median(Object.values(whole).flat()))}`),
  ]
}

/** h2load times a request from when it is sent; a connection that still waits sends late, which this doesn't see. */
async function p99(dir: string, port: number, rate: number): Promise<number> {
  const log = `${dir}/latency-${port}-${Date.now()}`
  const { stdout } = await exec('h2load', ['--h1', '-c', String(CONNECTIONS), '--rps', (rate / CONNECTIONS).toFixed(1), '-D', String(SECONDS), `--log-file=${log}`,
    `--connect-to=127.0.0.1:${port}`, `http://bench.test:${port}/small`])
  if (!/ 0 failed, 0 errored/.test(stdout)) throw new Error(`h2load reports: ${stdout}`)
  const times = (await readFile(log, 'latin1')).trim().split('\n').map(line => Number(line.split('\t')[2]))
  return Float64Array.from(times).sort()[Math.floor(times.length * 0.99)] ?? NaN
}
