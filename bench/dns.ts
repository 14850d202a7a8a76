// CPU per query and queries per second of the name server with 100,000 names, against knot, nsd and dns2's own server, with dnsperf.
// Called by bench/main.ts as `npm run bench -- dns`. Needs Debian's dnsperf, knot and nsd.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ZoneSnapshot } from '../registry/types.ts'
import { cpuSeconds, startAuberge, startDns2, startKnot, startNsd, type Start } from './dns-peers.ts'
import { compare, type Result } from './table.ts'

/** Microseconds of CPU per query and queries answered a second. */
type Figure = { cpu: number; rate: number }

const NAMES = 100_000
const SERVERS: Record<string, Start> = { auberge: startAuberge, knot: startKnot, nsd: startNsd, dns2: startDns2 }

/** What the zone and the queries are like. `shared`: all names have the one public address, else each its own, as with an IPv6 prefix. */
type Load = { what: string; shared: boolean; miss: number }
const LOADS: Load[] = [
  { what: 'one address', shared: true, miss: 0 }, { what: 'an address each', shared: false, miss: 0 }, { what: 'one address, half the names missing', shared: true, miss: 0.5 },
]
const SECONDS = 4
const ROUNDS = 3

/** Runs every server in turn with every load, some rounds; lost queries are no answers and count in no figure. */
export async function run(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), 'auberge-bench-dns-'))
  try {
    const results: Result[] = []
    for (const load of LOADS) results.push(...await measureAll(directory, load))
    return results
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureAll(directory: string, load: Load): Promise<Result[]> {
  const zone = zoneOf(NAMES, load.shared)
  writeFileSync(join(directory, 'queries'), queries(load.miss))
  const cpu: Record<string, number[]> = {}
  const rate: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, start] of Object.entries(SERVERS)) {
      const figure = await measure(start, directory, zone, SECONDS)
      ;(cpu[name] ??= []).push(figure.cpu)
      ;(rate[name] ??= []).push(figure.rate)
    }
  }
  const conditions = `dnsperf, UDP over loopback, ${NAMES} names, ${load.what}, no EDNS, one process or thread each, ${SECONDS} s a run`
  return [compare('dns', 'CPU microseconds per query', cpu, conditions), compare('dns', 'queries per second', rate, conditions)]
}

async function measure(start: Start, directory: string, zone: ZoneSnapshot, seconds: number): Promise<Figure> {
  const { child, port, close } = await start(directory, zone)
  const ended = once(child, 'exit')
  try {
    await dnsperf(directory, port, 1)
    const before = cpuSeconds(child.pid ?? 0)
    const { completed, rate } = await dnsperf(directory, port, seconds)
    return { cpu: (cpuSeconds(child.pid ?? 0) - before) * 1e6 / completed, rate }
  } finally {
    close()
    await ended
  }
}

async function dnsperf(directory: string, port: number, seconds: number): Promise<{ completed: number; rate: number }> {
  const args = ['-s', '127.0.0.1', '-p', String(port), '-d', join(directory, 'queries'), '-l', String(seconds), '-c', '8', '-q', '100']
  const { stdout } = await promisify(execFile)('dnsperf', args)
  const number = (what: string): number => Number(new RegExp(`${what}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  return { completed: number('Queries completed'), rate: number('Queries per second') }
}

function zoneOf(count: number, shared: boolean): ZoneSnapshot {
  const names: ZoneSnapshot['names'] = {}
  for (let n = 0; n < count; n += 1) names[`n${n}`] = { a: [shared ? '192.0.2.1' : `10.${n >> 16}.${n >> 8 & 255}.${n & 255}`], aaaa: ['2001:db8::1'] }
  return { zone: 'example', serial: 1, ttl: 60, negativeTtl: 10, apex: { a: ['127.0.0.1'], aaaa: [] }, names }
}

/** Each name once, in an order that is the same every time and has no pattern. */
function queries(miss: number): string {
  const lines: string[] = []
  for (let n = 0; n < NAMES; n += 1) {
    const which = n * 61_843 % NAMES
    lines.push(`${n % 100 < 100 * miss ? 'gone' : 'n'}${which}.example A`)
  }
  return `${lines.join('\n')}\n`
}
