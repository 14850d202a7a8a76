// CPU per query of the name server with a signed zone of 100,000 names, beside the same zone unsigned, with dnsperf.
// Called by bench/main.ts as `npm run bench -- dnssec`. Needs Debian's dnsperf.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ZoneSnapshot } from '../registry/types.ts'
import { cpuSeconds, startAuberge, startSigned, type Peer } from './dns-peers.ts'
import { compare, type Result } from './table.ts'

const NAMES = 100_000
const SECONDS = 4
const ROUNDS = 3

/** `names`: how many are asked, again and again; null: one that nobody asked before, each time. `rate`: queries a second at most, below what signatures are bounded to. */
type Load = { what: string; names: number | null; exist: boolean; rate: number | null }
const LOADS: Load[] = [
  { what: '1,000 names again and again', names: 1000, exist: true, rate: null },
  { what: 'names for the first time, 1,500 a second', names: null, exist: true, rate: 1500 },
  { what: 'names that do not exist, 400 a second', names: null, exist: false, rate: 400 },
  { what: 'names that do not exist, as many as go', names: null, exist: false, rate: null },
]

/** `ours` is the signed zone asked with DO. */
const SERVERS = { auberge: startSigned, 'signed, without DO': startSigned, unsigned: startAuberge }

export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), 'auberge-bench-dnssec-'))
  try {
    const results: Result[] = []
    for (const load of LOADS) results.push(await measureAll(directory, load))
    return results
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureAll(directory: string, load: Load): Promise<Result> {
  writeFileSync(join(directory, 'queries'), queries(load))
  const cpu: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, start] of Object.entries(SERVERS)) (cpu[name] ??= []).push(await measure(await start(directory, zone()), directory, load, name === 'auberge'))
  }
  return compare('dnssec', 'CPU microseconds per query', cpu, `dnsperf, UDP over loopback, ${NAMES} names, ${load.what}, EDNS, ${SECONDS} s a run`)
}

async function measure({ child, port, close }: Peer, directory: string, load: Load, dnssec: boolean): Promise<number> {
  const ended = once(child, 'exit')
  const args = ['-s', '127.0.0.1', '-p', String(port), '-d', join(directory, 'queries'), '-c', '8', '-q', '100', dnssec ? '-D' : '-e', ...(load.rate === null ? [] : ['-Q', String(load.rate)])]
  const perf = async (...more: string[]): Promise<number> => Number(/Queries completed:\s+(\d+)/.exec((await promisify(execFile)('dnsperf', [...args, ...more])).stdout)?.[1])
  try {
    if (load.names !== null) await perf('-l', '1')
    const before = cpuSeconds(child.pid ?? 0)
    const completed = await perf('-l', String(SECONDS))
    return (cpuSeconds(child.pid ?? 0) - before) * 1e6 / completed
  } finally {
    close()
    await ended
  }
}

function zone(): ZoneSnapshot {
  const names = Object.fromEntries(Array.from({ length: NAMES }, (_, n) => [`n${n}`, { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] }]))
  return { zone: 'example', serial: 1, ttl: 60, negativeTtl: 10, apex: { a: ['127.0.0.1'], aaaa: [] }, names }
}

/** In an order that is the same every time and has no pattern. */
function queries({ names, exist }: Load): string {
  const lines = Array.from({ length: names ?? NAMES }, (_, n) => `${exist ? 'n' : 'gone'}${n * 61_843 % NAMES}.example A`)
  return `${lines.join('\n')}\n`
}
