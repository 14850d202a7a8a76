// With 100,000 names: how soon the name server answers after it was started, how soon it answers a new name while others ask, and how many
// queries go unanswered meanwhile. Called by bench/main.ts as `npm run bench -- dnschange`. Needs Debian's dnsperf.
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { boundUdp, dataDirectory, openDesk, sampleZone, startNameServer, type Desk } from '../test/dns/nameserver.ts'
import { query, wireName } from '../test/dns/packets.ts'
import { median, type Result } from './table.ts'

const NAMES = 100_000
const STARTS = 5
const SECONDS = 10
/** Queries a second that dnsperf sends. */
const RATE = 5_000
/** Milliseconds between two new names. */
const EVERY = 100

/** Milliseconds from the start of the process to its first answer: medians; and of a change to its answer: the slowest. */
export async function run(): Promise<Result[]> {
  const names = Object.fromEntries(Array.from({ length: NAMES }, (_, n) => [`n${n}`, { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] }]))
  const { data, remove } = dataDirectory(sampleZone({ names }))
  try {
    const udp = await boundUdp()
    const starts: number[] = []
    for (let n = 0; n < STARTS; n += 1) starts.push(await start(data, udp))
    const { slowest, middle, lost, memory } = await changes(data, udp)
    udp.close()
    const conditions = `${NAMES} names, UDP over loopback`
    const result = (name: string, unit: string, ours: number, n: number, more = ''): Result => ({ name, unit, ours, peers: {}, ratios: {}, n, conditions: conditions + more })
    const load = `, ${RATE} queries a second, a new name every ${EVERY} ms for ${SECONDS} s`
    return [
      result('start to first answer', 'milliseconds', median(starts), STARTS),
      result('new name answered, slowest', 'milliseconds', slowest, 1, `${load}; median ${middle.toFixed(1)} ms`), result('queries without an answer', 'queries', lost, 1, load),
      result('memory of the name server', 'MiB', memory, 1, ', resident, after that load'),
    ]
  } finally {
    remove()
  }
}

type Udp = { fd: number; port: number }

/** A query is waiting in the socket when the process begins. */
async function start(data: string, udp: Udp): Promise<number> {
  const socket = createSocket('udp4')
  const answered = once(socket, 'message')
  const begun = performance.now()
  const server = startNameServer(data, 'example', udp.fd, null)
  socket.send(query({ name: wireName('n7.example') }), udp.port, '127.0.0.1')
  await answered
  const took = performance.now() - begun
  socket.close()
  server.child.kill('SIGKILL')
  await server.exit
  return took
}

async function changes(data: string, udp: Udp): Promise<{ slowest: number; middle: number; lost: number; memory: number }> {
  const server = startNameServer(data, 'example', udp.fd, null)
  await server.ready
  const desk = await openDesk(data)
  await desk.connected()
  const ended = load(data, udp.port)
  const took: number[] = []
  for (let n = 0; n < SECONDS * 1000 / EVERY - 10; n += 1) {
    took.push(await change(desk, udp.port, n))
    await new Promise(resolve => setTimeout(resolve, EVERY))
  }
  const lost = await ended
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1024
  desk.close()
  server.child.kill('SIGKILL')
  await server.exit
  return { slowest: Math.max(...took), middle: median(took), lost, memory }
}

/** From before the message is sent until an answer with a record has come. */
async function change(desk: Desk, port: number, n: number): Promise<number> {
  const socket = createSocket('udp4')
  const begun = performance.now()
  await desk.send({ type: 'names', serial: 8 + n, names: { [`new${n}`]: { a: ['192.0.2.2'], aaaa: [] } } })
  socket.send(query({ name: wireName(`new${n}.example`) }), port, '127.0.0.1')
  const [answer] = await once(socket, 'message') as [Buffer]
  socket.close()
  if (answer.readUInt16BE(6) !== 1) throw new Error(`new${n}.example was not answered after its change was applied`)
  return performance.now() - begun
}

async function load(directory: string, port: number): Promise<number> {
  const queries = join(directory, 'queries')
  writeFileSync(queries, Array.from({ length: NAMES }, (_, n) => `n${n * 61_843 % NAMES}.example A\n`).join(''))
  const { stdout } = await promisify(execFile)('dnsperf', ['-s', '127.0.0.1', '-p', String(port), '-d', queries, '-l', String(SECONDS), '-Q', String(RATE), '-c', '4'])
  return Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1])
}
