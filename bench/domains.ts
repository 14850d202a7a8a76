// 5,000 custom domains: what their certificates cost a relay and control in memory, a handshake in CPU, and control when they are made, ordered or renewed.
// Against nginx with a block for each, and against the same with ten. `--domains=N` for another number; `--part=relay` or `--part=control` for one half.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Certificate } from '../gateway/messages.ts'
import { makeLeaves, nameOf } from './domains/leaves.ts'
import { nginxWith } from './domains/peers.ts'
import { orderCost, ordersAnHour } from './domains/renewals.ts'
import { backendCommand } from './relay/contestants.ts'
import { cpuOf, exec, flag, inTurn, memoryOf, pause, Rig, type Running } from './relay/rig.ts'
import { certify, tlsOurs } from './relay/tls-peers.ts'
import { compare, type Result } from './table.ts'

const BACKEND = 18_700
const MIB = 2 ** 20
/** Handshakes of one measure, and at a time. */
const HANDSHAKES = 2_000
const AT_ONCE = 8
const FEW = 10

export async function run(flags: string[]): Promise<Result[]> {
  const count = Number(flag(flags, 'domains') ?? 5_000)
  const part = flag(flags, 'part')
  return [...(part === 'control' ? [] : await relays(count, Number(flag(flags, 'rounds') ?? 3))), ...(part === 'relay' ? [] : await control(count))]
}

async function control(count: number): Promise<Result[]> {
  const held = { [`auberge, ${FEW}`]: await holder(FEW), auberge: await holder(count) }
  const each = (what: 'memory' | 'heap') => Object.fromEntries(Object.entries(held).map(([name, one]) => [name, [one[what]]]))
  const lives = [90, 45, 6].map(life => ({ life, ...ordersAnHour(count, life) }))
  return [
    compare('domains control memory', 'MiB', each('memory'), `${count} certificates of the house's own authority, after a start, in a process that does nothing else`),
    compare('domains control heap', 'MiB', each('heap'), 'of it what is held and no garbage'),
    compare('domains certificate', 'us/certificate', { auberge: [held.auberge.cpu] }, 'made by the house\'s own authority, its keys included, on disk and in the snapshot'),
    compare('domains order', 'ms of CPU', { auberge: await orderCost(30) }, 'one order of an ACME server by HTTP-01, in control, relays and server apart'),
    ...lives.map(({ life, mean, most }) => compare(`domains orders, ${life} days`, 'an hour', { auberge: [mean], 'the worst hour': [most] }, `${count} domains that came as the budget of a day lets them, certificates of ${life} days`)),
  ]
}

/** MiB, and microseconds of CPU for each certificate. */
type Holding = { memory: number; heap: number; cpu: number }

async function holder(count: number): Promise<Holding> {
  const dir = await mkdtemp(join(tmpdir(), 'auberge-bench-'))
  try {
    const run = async (what: string) => {
      const { stdout } = await exec(process.execPath, ['--expose-gc', fileURLToPath(new URL('domains/control.ts', import.meta.url)), what, dir, String(count)])
      return JSON.parse(stdout) as Holding
    }
    const { cpu } = await run('make')
    return { ...await run('hold'), cpu }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function relays(count: number, rounds: number): Promise<Result[]> {
  const rig = await Rig.open()
  try {
    await certify(rig.dir)
    const { certificates } = await makeLeaves(rig.dir, count)
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = [await ours(rig, 'auberge', certificates, 1), await ours(rig, `auberge, ${FEW}`, certificates.slice(0, FEW), 2), ...await rig.field([nginxWith('nginx', certificates), nginxWith(`nginx, ${FEW}`, certificates.slice(0, FEW))], BACKEND + 3, BACKEND)]
    const untouched = await memory(field)
    const results = await handshakes(field, count, rounds)
    const used = await memory(field)
    const conditions = `${count} domains with a P-256 certificate each, one process`
    return [
      compare('domains memory', 'MiB', untouched, `${conditions}, none visited`), compare('domains memory visited', 'MiB', used, `${conditions}, each visited`), ...results,
    ]
  } finally {
    await rig.close()
  }
}

async function ours(rig: Rig, name: string, certificates: Certificate[], offset: number): Promise<Running> {
  const port = BACKEND + offset
  const [file = '', ...args] = await tlsOurs.command(rig.dir, port, BACKEND)
  const child = await rig.start([file, '--expose-gc', ...args], port, ['pipe', 'ignore', 'inherit'])
  child.stdin?.write(`${JSON.stringify({ type: 'certificates', certificates })}\n`)
  await until(port, certificates.at(-1)?.names[0] ?? '')
  return { name, port, children: [child] }
}

async function memory(field: Running[]): Promise<Record<string, number[]>> {
  const held: Record<string, number[]> = {}
  for (const { name, children: [child] } of field) {
    if (child === undefined) continue
    child.stdin?.write('collect\n')
    await pause(500)
    held[name] = [await memoryOf(child) / MIB]
  }
  return held
}

/** One name again and again, and all names in turn; without resumption. */
async function handshakes(field: Running[], count: number, rounds: number): Promise<Result[]> {
  const one: Record<string, number[]> = {}
  const all: Record<string, number[]> = {}
  await inTurn(field, rounds + 1, async ({ name, port, children }, round) => {
    const most = name.includes(',') ? FEW : count
    const start = await cpuOf(children)
    await many(port, HANDSHAKES, () => nameOf(0))
    const middle = await cpuOf(children)
    await many(port, Math.max(most, HANDSHAKES), index => nameOf(index % most))
    if (round === 0) return
    ;(one[name] ??= []).push((middle - start) / HANDSHAKES)
    ;(all[name] ??= []).push((await cpuOf(children) - middle) / Math.max(most, HANDSHAKES))
  })
  const conditions = `TLS 1.3 without resumption, ${AT_ONCE} at a time, ${count} domains (${FEW} where the name says so)`
  return [compare('domains handshake', 'us/connection', one, `${conditions}, always the same`), compare('domains handshake each', 'us/connection', all, `${conditions}, one after the other`)]
}

async function many(port: number, total: number, servername: (index: number) => string): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < total) await shake(port, servername(next++))
  }))
}

async function shake(port: number, servername: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.destroy()
}

async function until(port: number, name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await shake(port, name).then(() => true, () => false)) return
    await pause(50)
  }
  throw new Error(`${name} is not served`)
}
