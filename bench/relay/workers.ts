// Two relays on one listening socket, as the supervisor runs them: CPU per request against one, and how 1,000 connections fall. Used by bench/relay.ts.
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { backendCommand, oursWith } from './contestants.ts'
import { cpuOf, exec, inTurn, Rig, wrk, type Running } from './rig.ts'
import { compare, type Result } from '../table.ts'

const BACKEND = 18_580
const PORT = 18_582
const CONNECTIONS = 1_000
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
/** A socket bound and not listening: see supervisor/sockets.ts. */
const bind = (net as unknown as { _createServerHandle: (address: string, port: number, family: 4, fd: undefined, flags: number) => { fd: number; getsockname(out: object): number; close(): void } | number })._createServerHandle

export async function workers(rounds: number): Promise<Result[]> {
  const rig = await Rig.open()
  const handle = bind('127.0.0.1', PORT, 4, undefined, 0)
  if (typeof handle === 'number' || handle.getsockname({}) !== 0) throw new Error(`port ${PORT} can't be bound`)
  try {
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const [one] = await rig.field([oursWith('one worker', 1_000)], BACKEND + 1, BACKEND)
    const command = [process.execPath, here('ours.ts'), 'fd', String(BACKEND), '1000', rig.dir]
    const stdio = ['ignore', 'ignore', 'inherit', handle.fd] as const
    const two: Running = { name: 'auberge', port: PORT, children: [await rig.start(command, PORT, [...stdio]), await rig.start(command, 0, [...stdio])] }
    if (one === undefined) throw new Error('the relay did not start')
    return await measure([two, one], rounds)
  } finally {
    handle.close()
    await rig.close()
  }
}

async function measure(field: Running[], rounds: number): Promise<Result[]> {
  const cpu: Record<string, number[]> = {}
  const share: Record<string, number[]> = {}
  await inTurn(field, rounds, async ({ name, port, children }, round) => {
    const url = `http://127.0.0.1:${port}/small`
    if (round === 0) await wrk(url, 3)
    const before = await cpuOf(children)
    const { requests } = await wrk(url, 2)
    ;(cpu[name] ??= []).push((await cpuOf(children) - before) / requests)
    if (children.length === 2) (share[name] ??= []).push(await shareOf(port, children[0]?.pid ?? 0))
  })
  const conditions = 'HTTP/1.1, 107-byte body, one listening socket, nginx behind'
  return [
    compare('relay two workers cpu', 'us/request', cpu, `${conditions}, 64 connections; compared with one worker`),
    compare('relay two workers share', '% of connections', share, `${conditions}; what the first of two serves of ${CONNECTIONS} connections opened at once; each run: ${share.auberge?.map(value => value.toFixed(1)).join(' ')}`),
  ]
}

async function shareOf(port: number, pid: number): Promise<number> {
  const load = wrk(`http://127.0.0.1:${port}/small`, 3, [], CONNECTIONS)
  await new Promise(resolve => setTimeout(resolve, 1_500))
  const { stdout } = await exec('ss', ['-tnpH', 'state', 'established', `sport = :${port}`], { maxBuffer: 2 ** 24 })
  await load
  const lines = stdout.split('\n').filter(line => line.includes('pid='))
  return lines.filter(line => line.includes(`pid=${pid},`)).length / lines.length * 100
}
