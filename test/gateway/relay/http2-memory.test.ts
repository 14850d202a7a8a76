// What one HTTP/2 connection may make the relay hold: bodies that nobody takes, answers that nobody reads.
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { test, type TestContext } from 'node:test'
import type { ServerHttp2Stream } from 'node:http2'
import { answer, Frames, frame, FRAME, GET, END_HEADERS, h2With, headersFrame, number, type Door } from './frames.ts'
import { backend, bodyOf, siteRoute, staticRoute } from './house.ts'
import { until } from '../../helpers/patience.ts'

const POST: [string, string][] = [[':method', 'POST'], ...GET.slice(1)]

/** Bytes the streams of all connections hold, as Node counts them. */
function held({ guests }: Door): { bodies: number; answers: number } {
  const sum = { bodies: 0, answers: 0 }
  for (const guest of guests) for (const each of (guest as unknown as { streams: Set<{ held: number; stream: ServerHttp2Stream }> }).streams) {
    sum.bodies += each.held
    sum.answers += each.stream.writableLength
  }
  return sum
}

test('bodies that nobody takes yet are kept up to a bound for each connection, beyond it they are 503', async t => {
  const door = await h2With(t, [{ ...siteRoute('asleep'), host: 'a.test' }], { settings: { sessionBytes: 262_144 } })
  const frames = new Frames(t, door.h2)
  for (let i = 0; i < 40; i++) frames.send(headersFrame(2 * i + 1, POST, END_HEADERS), ...[1, 2, 3].map(() => frame(FRAME.data, 0, 2 * i + 1, Buffer.alloc(16_000))))
  await until('all that is too much is turned off', () => frames.got.filter(({ type }) => type === FRAME.reset).length >= 34)
  assert.ok(held(door).bodies <= 262_144, String(held(door).bodies))
  assert.ok(held(door).bodies > 100_000)
})

test('many bodies at a time get small windows, and large ones again when they are over', async t => {
  const { port } = await backend(t, async (request, response) => { response.end(String((await bodyOf(request)).length)) })
  const door = await h2With(t, [staticRoute(port)])
  const session = connect(`http://127.0.0.1:${door.h2}`).on('error', () => {})
  t.after(() => session.destroy())
  const windows: number[] = []
  session.on('remoteSettings', ({ initialWindowSize = 0 }) => windows.push(initialWindowSize))
  const streams = Array.from({ length: 60 }, () => session.request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false }))
  const answers = streams.map(stream => answer(stream))
  for (const stream of streams) stream.end(Buffer.alloc(50_000))
  assert.deepEqual(new Set((await Promise.all(answers)).map(({ body }) => body)), new Set(['50000']))
  await until('they are large again', () => windows.at(-1) === 65_535 && windows.length >= 3)
  assert.deepEqual(windows.slice(0, 3), [65_535, 5_242, 65_535])
})

async function slowReader(t: TestContext, readProgress: number): Promise<{ door: Door; session: ReturnType<typeof connect> }> {
  const { port } = await backend(t, (_request, response) => { response.end(Buffer.alloc(150_000)) })
  const door = await h2With(t, [staticRoute(port)], { settings: { sessionBytes: 262_144, readProgress } })
  const session = connect(`http://127.0.0.1:${door.h2}`, { settings: { initialWindowSize: 0 } }).on('error', () => {})
  t.after(() => session.destroy())
  return { door, session }
}

test('answers that nobody reads are held up to a bound for each connection, and come whole once they are read', async t => {
  const { door, session } = await slowReader(t, 60_000)
  let most = 0
  const answers = Array.from({ length: 40 }, () => answer(session.request({ ':authority': 'a.test' })))
  await until('the bound is met', () => { most = Math.max(most, held(door).answers); return most >= 262_144 })
  await until('all have been asked for', () => { most = Math.max(most, held(door).answers); return door.relay.pools.open === 40 })
  session.settings({ initialWindowSize: 65_535 })
  session.setLocalWindowSize(2 ** 24)
  const done = Promise.all(answers)
  await until('all are whole', () => { most = Math.max(most, held(door).answers); return held(door).answers === 0 && [...door.guests].every(guest => (guest as unknown as { streams: Set<unknown> }).streams.size === 0) })
  assert.deepEqual(new Set((await done).map(({ status, body }) => `${status} ${body.length}`)), new Set(['200 150000']))
  assert.ok(most <= 2 * 262_144 + 65_536 + 1_024, String(most))
})

test('those who read nothing lose their streams in time, and free every upstream', async t => {
  const { door, session } = await slowReader(t, 300)
  const answers = Array.from({ length: 40 }, () => answer(session.request({ ':authority': 'a.test' })))
  assert.deepEqual(new Set((await Promise.all(answers)).map(({ code }) => code)), new Set([8]))
  await until('upstreams are free', () => door.relay.pools.open === 0 && held(door).answers === 0)
})

const FLOODS: [string, () => Buffer][] = [
  ['PRIORITY', () => frame(FRAME.priority, 0, 1, Buffer.from([0, 0, 0, 0, 16]))],
  ['WINDOW_UPDATE', () => frame(FRAME.window, 0, 0, number(1))],
  ['unknown', () => frame(0xfa, 0, 0, Buffer.alloc(8))],
]
for (const [name, make] of FLOODS) test(`a flood of ${name} frames ends the connection with ENHANCE_YOUR_CALM`, async t => {
  const door = await h2With(t, [], { settings: { idleBytes: { most: 65_536, over: 3_600_000 } } })
  const frames = new Frames(t, door.h2)
  const flood = Buffer.concat(Array.from({ length: 1_000 }, make))
  for (let i = 0; i < 10; i++) frames.send(flood)
  assert.equal(await frames.goaway(), 11)
  await until('nothing is left', () => door.guests.size === 0)
})

test('a visitor who makes room for a large answer byte by byte is sent away with ENHANCE_YOUR_CALM', async t => {
  const { port } = await backend(t, (_request, response) => { response.end(Buffer.alloc(1_000_000)) })
  const door = await h2With(t, [staticRoute(port)], { settings: { idleBytes: { most: 65_536, over: 3_600_000 } } })
  const frames = new Frames(t, door.h2, Buffer.concat([Buffer.of(0, 4), number(0)]))
  frames.send(headersFrame(1, GET))
  const step = frame(FRAME.window, 0, 1, number(1))
  const drip = setInterval(() => frames.send(...Array.from({ length: 200 }, () => step)), 1)
  t.after(() => clearInterval(drip))
  assert.equal(await frames.goaway(), 11)
  clearInterval(drip)
  await until('the upstream is free', () => door.relay.pools.open === 0)
})

test('a large download and a large upload through small windows cost no calm', async t => {
  const { port } = await backend(t, async (request, response) => { await bodyOf(request); response.end(Buffer.alloc(3_000_000)) })
  const door = await h2With(t, [staticRoute(port)], { settings: { idleBytes: { most: 16_384, over: 3_600_000 } } })
  const session = connect(`http://127.0.0.1:${door.h2}`, { settings: { initialWindowSize: 8_192 } }).on('error', () => {})
  t.after(() => session.destroy())
  const stream = session.request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  stream.end(Buffer.alloc(2_000_000))
  assert.equal((await answer(stream)).body.length, 3_000_000)
})
