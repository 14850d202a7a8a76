// CPU per request and requests a second of HTTP/1.1, and what a hundred times the routes add to it. Used by bench/relay.ts.
import { backendCommand, ours, oursWith, peers } from './contestants.ts'
import { cpuOf, inTurn, Rig, wrk, type Running } from './rig.ts'
import { compare, type Result } from '../table.ts'

const BACKEND = 18_480
const SECONDS = 2

/** `only` leaves out all peers but one. */
export async function small(rounds: number, only?: string): Promise<Result[]> {
  const rig = await Rig.open()
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = await rig.field([ours, ...peers.filter(peer => only === undefined || peer.name === only)], BACKEND + 1, BACKEND)
    return [...await measure('relay', field, 'small', 107, rounds), ...await measure('relay', field, '10k', 10_240, rounds)]
  } finally {
    await rig.close()
  }
}

/** Ours with 100,000 routes is compared with ours with 1,000. */
export async function routes(rounds: number): Promise<Result[]> {
  const rig = await Rig.open()
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = await rig.field([oursWith('auberge', 100_000), oursWith('1,000 routes', 1_000)], BACKEND + 1, BACKEND)
    return await measure('relay 100,000 routes', field, 'small', 107, rounds)
  } finally {
    await rig.close()
  }
}

async function measure(name: string, field: Running[], path: string, size: number, rounds: number): Promise<Result[]> {
  const cpu: Record<string, number[]> = {}
  const rate: Record<string, number[]> = {}
  await inTurn(field, rounds, async ({ name: who, port, children }, round) => {
    const url = `http://127.0.0.1:${port}/${path}`
    if (round === 0) await wrk(url, 2)
    const before = await cpuOf(children)
    const { requests, seconds } = await wrk(url, SECONDS)
    ;(cpu[who] ??= []).push((await cpuOf(children) - before) / requests)
    ;(rate[who] ??= []).push(requests / seconds)
  })
  const conditions = `HTTP/1.1, ${size}-byte body, 64 connections, one process each, nginx behind, ${SECONDS} s a run`
  return [compare(`${name} ${path} cpu`, 'us/request', cpu, conditions), compare(`${name} ${path} rate`, 'requests/s', rate, conditions)]
}
