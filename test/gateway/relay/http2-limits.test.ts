// What one HTTP/2 connection may cost, tried with raw frames: each flood ends in a GOAWAY, each stall in a reset.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { Frames, GET, client, END_HEADERS, END_STREAM, FRAME, answer, ask, fields, frame, h2With, headersFrame, number } from './frames.ts'
import { answering, backend, rawBackend, staticRoute } from './house.ts'

const CALM = 11
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const POST: [string, string][] = [[':method', 'POST'], ...GET.slice(1)]

test('rapid resets end the connection with ENHANCE_YOUR_CALM, and leave nothing behind', async t => {
  const { port } = await rawBackend(t, socket => socket.on('error', () => {}).resume().on('end', () => socket.end()))
  const { h2, relay, guests } = await h2With(t, [staticRoute(port)], { settings: { resets: { most: 50, over: 3_600_000 } } })
  const frames = new Frames(t, h2)
  for (let i = 0; i < 200; i++) frames.send(headersFrame(2 * i + 1, GET), frame(FRAME.reset, 0, 2 * i + 1, number(8)))
  assert.equal(await frames.goaway(), CALM)
  await until('nothing is left', () => guests.size === 0 && relay.pools.open === 0)
})

test('making the relay reset stream after stream ends the connection as well, and leaves nothing behind', async t => {
  const { port } = await rawBackend(t, socket => socket.on('error', () => {}).resume().on('end', () => socket.end()))
  for (const [name, break_] of [['a window of nothing', (id: number) => frame(FRAME.window, 0, id, number(0))], ['too large a window', (id: number) => frame(FRAME.window, 0, id, number(2 ** 31 - 1))]] as const) {
    const { h2, relay, guests } = await h2With(t, [staticRoute(port)], { settings: { resets: { most: 50, over: 3_600_000 } } })
    const frames = new Frames(t, h2)
    for (let i = 0; i < 200; i++) frames.send(headersFrame(2 * i + 1, GET), break_(2 * i + 1))
    assert.notEqual(await frames.goaway(), 0, name)
    await until('nothing is left', () => guests.size === 0 && relay.pools.open === 0)
  }
})

test('a browser that takes back a page full of requests may go on', async t => {
  const { port } = await answering(t, OK)
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  await ask(session, {})
  const streams = Array.from({ length: 90 }, () => session.request({ ':authority': 'a.test' }).on('error', () => {}))
  for (const stream of streams) stream.close(8)
  assert.equal((await ask(session, {})).body, 'ok')
})

test('no more than so many streams are open at a time', async t => {
  const { port } = await rawBackend(t, () => {})
  const { h2 } = await h2With(t, [staticRoute(port)], { settings: { streams: 3 } })
  const frames = new Frames(t, h2)
  await frames.until(({ type, flags }) => type === FRAME.settings && flags === 1)
  frames.send(frame(FRAME.settings, 1, 0), ...[1, 3, 5, 7].map(id => headersFrame(id, GET)))
  assert.equal(await frames.goaway(), 1)
})

const FLOODS: [string, () => Buffer, number][] = [
  ['PING', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)), 400],
  ['SETTINGS', () => frame(FRAME.settings, 0, 0), 400],
  ['empty DATA', () => frame(FRAME.data, 0, 1), 400],
  ['PRIORITY', () => Buffer.concat(Array.from({ length: 100 }, () => frame(FRAME.priority, 0, 1, Buffer.alloc(5)))), 300],
  ['unknown', () => frame(0x42, 0, 0, Buffer.alloc(1_000)), 400],
]
for (const [name, make, count] of FLOODS) test(`a flood of ${name} frames ends the connection`, async t => {
  const { port } = await rawBackend(t, socket => socket.resume())
  const { h2, guests } = await h2With(t, [staticRoute(port)])
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, POST, END_HEADERS))
  for (let i = 0; i < count; i++) frames.send(make())
  assert.notEqual(await frames.goaway(), 0)
  await until('nothing is left', () => guests.size === 0)
})

test('CONTINUATION frames without end close the connection', async t => {
  const { h2, guests } = await h2With(t, [])
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, GET, END_STREAM))
  for (let i = 0; i < 64; i++) frames.send(frame(FRAME.continuation, 0, 1, fields([[`x-${i}`, 'x'.repeat(100)]])))
  await frames.goaway()
  await until('nothing is left', () => guests.size === 0)
})

test('more fields, or larger ones, than a head may have never reach a backend', async t => {
  let asked = 0
  const { port } = await backend(t, (_request, response) => { asked++; response.end() })
  const { h2 } = await h2With(t, [staticRoute(port)])
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, [...GET, ...Array.from({ length: 600 }, (_, i): [string, string] => [`x-${i}`, '1'])]))
  assert.equal(await frames.reset(1), CALM)
  assert.equal((await ask(client(t, h2), Object.fromEntries(Array.from({ length: 140 }, (_, i) => [`x-${i}`, '1'])))).status, 400)
  assert.equal(asked, 0)
})

test('a visitor who opens no window is reset in time, and its upstream is free', async t => {
  const { port } = await backend(t, (_request, response) => { response.end(Buffer.alloc(1_000_000)) })
  const { h2, relay } = await h2With(t, [staticRoute(port)], { settings: { readProgress: 100 } })
  const settings = Buffer.concat([Buffer.of(0, 4), number(0)])
  const frames = new Frames(t, h2, settings)
  frames.send(headersFrame(1, GET))
  assert.equal(await frames.reset(1), 8)
  await until('the upstream is free', () => relay.pools.open === 0)
})

for (const [what, requests] of [['one large answer', 1], ['many', 30]] as const) test(`a visitor who opens all windows and reads nothing of its connection (${what}) is let go in time, and its upstreams are free`, async t => {
  const { port } = await backend(t, (_request, response) => { response.end(Buffer.alloc(10_000_000)) })
  const { h2, relay, guests } = await h2With(t, [staticRoute(port)], { settings: { readProgress: 100, keepAlive: 100, linger: 100 } })
  const frames = new Frames(t, h2, Buffer.concat([Buffer.of(0, 4), number(2 ** 31 - 1)]))
  frames.send(frame(FRAME.window, 0, 0, number(2 ** 31 - 65_536)))
  await frames.until(({ type, flags }) => type === FRAME.settings && flags === 1)
  frames.socket.pause()
  frames.send(...Array.from({ length: requests }, (_, i) => headersFrame(2 * i + 1, GET)))
  await until('it is served', () => relay.pools.open > 0)
  await until('nothing is left', () => guests.size === 0 && relay.pools.open === 0)
})

test('a small answer that nobody reads is not kept for ever either', async t => {
  const { port } = await answering(t, OK)
  const { h2 } = await h2With(t, [staticRoute(port)], { settings: { readProgress: 100 } })
  const frames = new Frames(t, h2, Buffer.concat([Buffer.of(0, 4), number(0)]))
  frames.send(headersFrame(1, GET))
  assert.equal(await frames.reset(1), 8)
})

test('a body that stops coming is 408, and the backend does not take it for whole', async t => {
  let whole = 0
  const { port } = await backend(t, request => { request.on('end', () => whole++).on('error', () => {}).resume() })
  const { h2, relay } = await h2With(t, [staticRoute(port)], { settings: { bodyProgress: 100 } })
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  stream.write('hello')
  assert.equal((await answer(stream)).status, 408)
  await until('the upstream is free', () => relay.pools.open === 0)
  assert.equal(whole, 0)
})

test('a connection that asks for nothing is closed in time, pings or not', async t => {
  const { h2 } = await h2With(t, [], { settings: { keepAlive: 100 } })
  const frames = new Frames(t, h2)
  frames.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
  assert.equal(await frames.goaway(), 0)
})

test('a connection that never says what it speaks is closed in time', async t => {
  const { h2, guests } = await h2With(t, [], { settings: { headTimeout: 100, linger: 100 } })
  const { connect } = await import('node:net')
  const socket = connect(h2, '127.0.0.1').on('error', () => {}).resume()
  await once(socket, 'close')
  await until('nothing is left', () => guests.size === 0)
})
