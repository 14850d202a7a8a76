// Many visitors: connections from several local addresses, each asking now and then, at a fixed rate in all. Run by soak.ts and idle.ts as a process of its own.
// Argument: a JSON Orders. Prints `{"ready":true}` once every connection has had its first answer, and a Tally as JSON when time is up or standard input ends.
import { connect, type Socket } from 'node:net'

/** `rate`: requests a second in all, 0 for none after the first. `seconds`: 0 for until standard input ends. */
export type Orders = { port: number; connections: number; addresses: number; hosts: number; path: string; rate: number; seconds: number }
/** `sent` = `ok` + `other` (not a 200) + `broken` (closed or failed before the answer) + `open` (no answer yet). `closed`: connections closed between requests. */
export type Tally = { sent: number; ok: number; other: number; broken: number; open: number; closed: number; late: number; p50: number; p99: number; max: number; first: string }

type Visitor = { socket: Socket; asked: number; left: number; text: string }

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders
const tally: Tally = { sent: 0, ok: 0, other: 0, broken: 0, open: 0, closed: 0, late: 0, p50: 0, p99: 0, max: 0, first: '' }
/** Answer times in tenths of a millisecond; the last holds all that is longer. */
const times = new Uint32Array(100_000)
const idle: Visitor[] = []
let turn = 0
let next = 0
let leaving = false
let answered = (): void => {}

for (let i = 0; i < orders.connections; i++) await enter(i)
tally.max = 0
times.fill(0)
console.log('{"ready":true}')
process.stdin.on('end', leave).resume()
if (orders.seconds > 0) setTimeout(leave, orders.seconds * 1000)
const began = performance.now()
let due = 0
if (orders.rate > 0) setInterval(send, 1)

function send(): void {
  const should = (performance.now() - began) / 1000 * orders.rate
  for (; due < should && !leaving; due++) {
    const visitor = idle[next++]
    if (next > 4096) { idle.splice(0, next); next = 0 }
    if (visitor === undefined) { next--; tally.late++; continue }
    ask(visitor)
  }
}

function ask(visitor: Visitor): void {
  const host = orders.hosts === 0 ? 'bench.test' : `h${turn++ % orders.hosts + 1}.bench.test`
  visitor.asked = performance.now()
  visitor.left = -1
  visitor.text = ''
  tally.sent++
  tally.open++
  visitor.socket.write(`GET /${orders.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`)
}

async function enter(i: number): Promise<void> {
  const socket = connect({ port: orders.port, host: '127.0.0.1', localAddress: `127.0.1.${i % orders.addresses + 1}`, noDelay: true })
  const visitor: Visitor = { socket, asked: 0, left: -1, text: '' }
  socket.on('data', bytes => hear(visitor, bytes))
  socket.on('error', error => { tally.first ||= String(error) })
  socket.on('close', () => gone(visitor))
  await new Promise<void>(resolve => { answered = resolve; socket.once('connect', () => ask(visitor)); socket.once('close', () => resolve()) })
}

function hear(visitor: Visitor, bytes: Buffer): void {
  if (visitor.left < 0) {
    visitor.text += bytes.toString('latin1')
    const end = visitor.text.indexOf('\r\n\r\n')
    if (end < 0) return
    visitor.left = end + 4 + Number(/^content-length: *([0-9]+)/im.exec(visitor.text)?.[1] ?? 0) - visitor.text.length
  } else visitor.left -= bytes.length
  if (visitor.left > 0) return
  const ok = visitor.left === 0 && visitor.text.startsWith('HTTP/1.1 200 ')
  if (!ok) tally.first ||= visitor.text.slice(0, 200)
  settle(visitor, ok ? 'ok' : 'other')
  idle.push(visitor)
  answered()
}

function settle(visitor: Visitor, how: 'ok' | 'other' | 'broken'): void {
  const took = performance.now() - visitor.asked
  times[Math.min(times.length - 1, Math.floor(took * 10))]! += 1
  tally.max = Math.max(tally.max, took)
  tally[how]++
  tally.open--
  visitor.asked = 0
}

function gone(visitor: Visitor): void {
  if (leaving && visitor.asked === 0) return
  if (visitor.asked !== 0) settle(visitor, 'broken')
  else tally.closed++
  const at = idle.indexOf(visitor, next)
  if (at >= 0) idle.splice(at, 1)
}

/** What is under way may still finish for two seconds. */
function leave(): void {
  if (leaving) return
  leaving = true
  const until = performance.now() + 2_000
  const look = setInterval(() => {
    if (tally.open > 0 && performance.now() < until) return
    clearInterval(look)
    console.log(JSON.stringify({ ...tally, p50: quantile(0.5), p99: quantile(0.99) }))
    process.exit(0)
  }, 10)
}

function quantile(share: number): number {
  const total = times.reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [i, count] of times.entries()) if ((seen += count) >= total * share) return i / 10
  return 0
}
