// 5,000 custom domains: what their certificates cost a relay in memory, a handshake in CPU, and control when they are made or renewed.
// Against nginx with a block for each. `--domains=N` for another number.
import { once } from 'node:events'
import { connect } from 'node:tls'
import type { Certificate } from '../gateway/messages.ts'
import { makeLeaves, nameOf } from './domains/leaves.ts'
import { nginxWith } from './domains/peers.ts'
import { backendCommand } from './relay/contestants.ts'
import { cpuOf, flag, inTurn, memoryOf, pause, Rig, type Running } from './relay/rig.ts'
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
  const rounds = Number(flag(flags, 'rounds') ?? 3)
  const rig = await Rig.open()
  try {
    await certify(rig.dir)
    const { certificates, cpuEach } = await makeLeaves(rig.dir, count)
    await rig.start(await backendCommand(rig.dir, BACKEND), BACKEND)
    const field = [await ours(rig, 'auberge', certificates, 1), await ours(rig, `auberge, ${FEW}`, certificates.slice(0, FEW), 2), ...await rig.field([nginxWith('nginx', certificates), nginxWith(`nginx, ${FEW}`, certificates.slice(0, FEW))], BACKEND + 3, BACKEND)]
    const untouched = await memory(field)
    const results = await handshakes(field, count, rounds)
    const used = await memory(field)
    const conditions = `${count} domains with a P-256 certificate each, one process`
    return [
      compare('domains memory', 'MiB', untouched, `${conditions}, none visited`), compare('domains memory visited', 'MiB', used, `${conditions}, each visited`), ...results,
      compare('domains certificate', 'us/certificate', { auberge: [cpuEach] }, 'made by the house\'s own authority, on disk and in the snapshot'),
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
