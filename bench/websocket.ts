// WebSocket: CPU of the proxy per message echoed through it (two passes), 100 connections. Against nginx, HAProxy and http-proxy; a `ws` server behind.
import { fileURLToPath } from 'node:url'
import { ours, peers } from './relay/contestants.ts'
import { cpuOf, exec, flag, inTurn, Rig, type Running } from './relay/rig.ts'
import { compare, type Result } from './table.ts'

const BACKEND = 18_640
const CONNECTIONS = 100
const SECONDS = 2
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 5)
  const rig = await Rig.open()
  try {
    await rig.start([process.execPath, here('relay/echo.mjs'), String(BACKEND)], BACKEND)
    const field = await rig.field([ours, ...peers], BACKEND + 1, BACKEND)
    return [await measure(field, 64, rounds), await measure(field, 16_384, rounds)]
  } finally {
    await rig.close()
  }
}

async function measure(field: Running[], size: number, rounds: number): Promise<Result> {
  const cpu: Record<string, number[]> = {}
  await inTurn(field, rounds + 1, async ({ name, port, children }, round) => {
    const before = await cpuOf(children)
    const { stdout } = await exec(process.execPath, [here('relay/talkers.mjs'), String(port), String(CONNECTIONS), String(size), String(SECONDS)])
    if (!(Number(stdout) > 0)) throw new Error(`nothing came back through ${name}`)
    if (round > 0) (cpu[name] ??= []).push((await cpuOf(children) - before) / Number(stdout))
  })
  const conditions = `${size}-byte messages, ${CONNECTIONS} connections with one message under way each, opening them included, one process each, ${SECONDS} s a run`
  return compare(`websocket ${size} bytes cpu`, 'us/message', cpu, conditions)
}
