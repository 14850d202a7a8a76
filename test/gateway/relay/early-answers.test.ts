// An upstream that answers while the request's body is still coming, and then resets its connection: what it said before had come, and is passed on.
import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { answering, exchange, rawBackend, relayWith, staticRoute, unchunked, visitorsOf, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'
import { END_HEADERS, FRAME, frame, Frames, GET, h2With, headersFrame } from './frames.ts'
import type { Farewell } from './resetting.ts'

type Upstream = { port: number; asked: Promise<unknown>; answer: (farewell: Farewell) => void }

/** An upstream that reads the first bytes of a request and no more. While it `answer`s and ends, this process, and so the relay, does nothing. */
async function resetting(t: TestContext): Promise<Upstream> {
  const over = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./resetting.ts', import.meta.url), { workerData: { over } })
  t.after(() => worker.terminate())
  const [port] = await once(worker, 'message') as [number]
  const answer = (farewell: Farewell): void => {
    worker.postMessage(farewell)
    assert.notEqual(Atomics.wait(over, 0, 0, 20_000), 'timed-out')
  }
  return { port, asked: once(worker, 'message'), answer }
}

const post = (framing: string, body: string): string => `POST / HTTP/1.1\r\nHost: a.test\r\n${framing}\r\n\r\n${body}`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const BEGUN = 'x'.repeat(40_000)
/** More than kernels hold: the relay has a write under way. */
const MUCH = 'x'.repeat(8_000_000)
const MORE = 'y'.repeat(30_000)

/** What a visitor gets whose next bytes reach the relay before it has read its upstream's answer: it writes to a connection that is no more. */
async function answered(t: TestContext, farewell: Farewell, begun = post('Content-Length: 1000000', BEGUN), more = MORE): Promise<string> {
  const upstream = await resetting(t)
  const { port } = await relayWith(t, [staticRoute(upstream.port)])
  const wire = new Wire(t, port).send(begun)
  await upstream.asked
  wire.send(more)
  upstream.answer(farewell)
  return wire.end()
}

const BIG = 'HTTP/1.1 413 Too Large\r\nContent-Length: 30000\r\n\r\n' + 'b'.repeat(30_000)
const isBig = (text: string): boolean => /^HTTP\/1\.1 413 Too Large\r\n/.test(text) && text.includes('\r\nConnection: close\r\n') && text.endsWith(`\r\n\r\n${'b'.repeat(30_000)}`)

for (const ending of ['reset', 'ended'] as const) test(`an answer that came before its upstream left (${ending}) reaches the visitor whole, although more of the body was to be sent`, async t => {
  assert.ok(isBig(await answered(t, { answer: BIG, ending })))
  assert.ok(isBig(await answered(t, { answer: BIG, ending }, post('Content-Length: 9000000', MUCH))))
})

test('the same where the body is chunked, and where it ends with what can\'t be sent any more', async t => {
  assert.ok(isBig(await answered(t, { answer: BIG, ending: 'reset' }, post('Transfer-Encoding: chunked', chunk(BEGUN)), chunk(MORE))))
  assert.ok(isBig(await answered(t, { answer: BIG, ending: 'reset' }, post('Connection: close\r\nContent-Length: 70000', BEGUN))))
})

test('the same over HTTP/2', async t => {
  const upstream = await resetting(t)
  const { h2 } = await h2With(t, [staticRoute(upstream.port)])
  const frames = new Frames(t, h2)
  const data = (bytes: number): Buffer[] => Array.from({ length: bytes / 10_000 }, () => frame(FRAME.data, 0, 1, Buffer.alloc(10_000)))
  frames.send(headersFrame(1, [[':method', 'POST'], ...GET.slice(1)], END_HEADERS), ...data(40_000))
  await upstream.asked
  frames.send(...data(20_000))
  upstream.answer({ answer: BIG, ending: 'ended' })
  assert.equal(await frames.reset(1), 0, 'NO_ERROR: the answer is whole, and no more of the body is wanted')
  const body = frames.got.filter(({ type, stream }) => type === FRAME.data && stream === 1)
  assert.equal(Buffer.concat(body.map(({ payload }) => payload)).length, 30_000)
})

test('an answer that its upstream cut short by the reset is not taken for a whole one', async t => {
  for (const begun of [BEGUN, MUCH]) for (const answer of ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'HTTP/1.1 200 OK\r\n\r\nhalf']) {
    const text = await answered(t, { answer, ending: 'reset' }, post('Content-Length: 9000000', begun))
    assert.match(text, /^HTTP\/1\.1 200 OK[^]*half/)
    assert.doesNotMatch(text, /\r\n0\r\n/)
  }
  const plain = await answered(t, { answer: 'HTTP/1.1 200 OK\r\n\r\nhalf', ending: 'reset' }, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', '')
  assert.match(plain, /half\r\n$/, 'a reset that is read together with what came before it looks like an end')
  assert.match(await answered(t, { answer: 'HTTP/1.1 200 OK\r\nContent-Le', ending: 'reset' }), /^HTTP\/1\.1 502 /)
})

test('an answer that ends with its connection is whole where the upstream ended it before the reset', async t => {
  assert.equal(unchunked(await answered(t, { answer: 'HTTP/1.1 200 OK\r\n\r\nall of it', ending: 'ended' })), 'all of it')
})

test('what a kept connection says before it is reset answers no request that it never took: that one goes over another', async t => {
  const { port: up, sockets } = await rawBackend(t, socket => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')))
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port).send('GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n')
  await wire.until('good')
  const [kept] = sockets
  wire.send('GET /2 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  kept?.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')
  kept?.resetAndDestroy()
  assert.doesNotMatch(await wire.end(), /408/)
  assert.equal(wire.text.split('good').length, 3)
  assert.match(await exchange(t, port, 'GET /3 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'), /good$/)
})

test('an early answer is not lost to a visitor who sends megabytes before it looks for one', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')
  const { port, relay } = await relayWith(t, [staticRoute(up)], { settings: { linger: 60_000 } })
  const visitors = visitorsOf(relay)
  const wire = new Wire(t, port)
  wire.socket.pause()
  wire.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(40_000)}`)
  await until('it is answered', () => visitors[0]?.socket.writableEnded === true)
  await new Promise(resolve => { wire.socket.write(Buffer.alloc(8_000_000), resolve) })
  wire.socket.resume()
  assert.match(await wire.end(), /^HTTP\/1\.1 413 [^]*\r\n\r\nbig$/)
})

test('a connection whose answer came before the end of the body, and which goes on, is closed: what is left of the body must begin no request', async t => {
  const { port: up, sockets } = await rawBackend(t, socket => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')))
  const { port } = await relayWith(t, [staticRoute(up)])
  assert.match(await exchange(t, port, post('Content-Length: 1000000', BEGUN)), /early$/)
  const [upstream] = sockets
  if (upstream !== undefined && !upstream.readableEnded) await once(upstream.resume(), 'end')
})
