// Bodies of HTTP/2 requests: how much must have come before a site hears of them, and how fast the rest must.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer, ask, client, Frames, frame, FRAME, GET, END_HEADERS, END_STREAM, h2With, headersFrame } from './frames.ts'
import { at, backend, bodyOf, siteRoute, staticRoute } from './house.ts'
import { until } from '../../helpers/patience.ts'

const POST: [string, string][] = [[':method', 'POST'], ...GET.slice(1)]
const data = (stream: number, text: string, flags = 0): Buffer => frame(FRAME.data, flags, stream, Buffer.from(text))

test('ninety half-sent bodies on a connection leave a site\'s twenty connections to others', async t => {
  const { port, server } = await backend(t, async (request, response) => { response.end(await bodyOf(request)) })
  let connections = 0
  server.on('connection', () => connections++)
  const { h2, guests } = await h2With(t, [{ ...siteRoute('running', at(port)), host: 'a.test' }], { settings: { perPod: 20 } })
  const frames = new Frames(t, h2)
  for (let i = 0; i < 90; i++) frames.send(headersFrame(2 * i + 1, POST, END_HEADERS), data(2 * i + 1, 'half'))
  await until('the halves have come', () => [...guests].some(guest => (guest as unknown as { streams: Set<{ held: number }> }).streams.size === 90))
  assert.equal((await ask(client(t, h2), {})).status, 200)
  assert.equal(connections, 1)
  frames.send(data(3, ' and half', END_STREAM))
  const { payload } = await frames.until(({ type, stream, payload }) => type === FRAME.data && stream === 3 && payload.length > 0)
  assert.equal(payload.toString(), 'half and half')
})

test('a body is passed on once it is whole, or its first 32 KiB are there', async t => {
  const begun = Promise.withResolvers<void>()
  const { port } = await backend(t, async (request, response) => {
    begun.resolve()
    response.end(`got ${(await bodyOf(request)).length}`)
  })
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  const stream = session.request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  stream.write(Buffer.alloc(40_000))
  await begun.promise
  stream.end(Buffer.alloc(200_000))
  assert.equal((await answer(stream)).body, 'got 240000')
  const announced = session.request({ ':authority': 'a.test', ':method': 'POST', 'content-length': '5' }, { endStream: false })
  announced.write('he')
  announced.write('llo')
  announced.end()
  assert.equal((await answer(announced)).body, 'got 5')
  assert.equal((await ask(session, { ':method': 'POST' }, '')).body, 'got 0')
})

test('a body that is not as long as announced is answered without its site hearing of it', async t => {
  let requests = 0
  const { port } = await backend(t, (_request, response) => { requests++; response.end() })
  const { h2 } = await h2With(t, [staticRoute(port)])
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, [...POST, ['content-length', '10']], END_HEADERS), data(1, 'half', END_STREAM))
  await frames.until(({ type, stream }) => type === FRAME.reset && stream === 1)
  assert.equal((await ask(client(t, h2), { ':path': '/after' })).status, 200)
  assert.equal(requests, 1)
})

for (const [when, first] of [['before it is passed on', 0], ['after that', 40_000]] as const) test(`a body that comes a byte at a time meets its limit ${when}`, async t => {
  const { port } = await backend(t, async (request, response) => { response.end(await bodyOf(request).catch(() => '')) })
  const { h2, relay } = await h2With(t, [staticRoute(port)], { settings: { bodyProgress: 300 } })
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  stream.write(Buffer.alloc(first))
  const trickle = setInterval(() => { if (!stream.destroyed && !stream.writableEnded) stream.write('x') }, 10)
  t.after(() => clearInterval(trickle))
  assert.equal((await answer(stream)).status, 408)
  await until('the upstream is free', () => relay.pools.open === 0)
})

test('a visitor who waits for 100 Continue gets it from the site', async t => {
  const { port } = await backend(t, async (request, response) => { response.end(await bodyOf(request)) })
  const { h2 } = await h2With(t, [staticRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST', expect: '100-continue' }, { endStream: false })
  stream.once('continue', () => stream.end('hello'))
  assert.equal((await answer(stream)).body, 'hello')
})

test('where those who wait for 100 Continue have all connections they may, it comes from the relay', async t => {
  const { port } = await backend(t, async (request, response) => { response.end(await bodyOf(request).catch(() => '')) })
  const { h2 } = await h2With(t, [{ ...siteRoute('running', at(port)), host: 'a.test' }], { settings: { perPod: 2 } })
  const session = client(t, h2)
  const idle = session.request({ ':authority': 'a.test', ':method': 'POST', expect: '100-continue' }, { endStream: false })
  await new Promise(resolve => idle.once('continue', resolve))
  const stream = session.request({ ':authority': 'a.test', ':method': 'POST', expect: '100-continue' }, { endStream: false })
  stream.once('continue', () => stream.end('hello'))
  assert.equal((await answer(stream)).body, 'hello')
  idle.on('error', () => {}).close(8)
})

test('a request that expects 100 Continue and has no body waits for nobody', async t => {
  const { port } = await backend(t, async (request, response) => { response.end(`${request.headers.expect} ${(await bodyOf(request).catch(() => '')).length}`) })
  const { h2 } = await h2With(t, [{ ...siteRoute('running', at(port)), host: 'a.test' }], { settings: { perPod: 2 } })
  const session = client(t, h2)
  const idle = session.request({ ':authority': 'a.test', ':method': 'POST', expect: '100-continue' }, { endStream: false })
  await new Promise(resolve => idle.once('continue', resolve))
  assert.equal((await ask(session, { expect: '100-continue' })).body, 'undefined 0')
  assert.equal((await ask(session, { ':method': 'POST', 'content-length': '0', expect: '100-continue' }, '')).body, 'undefined 0')
  idle.on('error', () => {}).close(8)
})
