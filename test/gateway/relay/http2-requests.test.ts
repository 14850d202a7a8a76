// HTTP/2 requests as a backend gets them, and those it must never get.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Frames, GET, answer, ask, client, END_HEADERS, END_STREAM, FRAME, fields, frame, h2With, headersFrame, type Door } from './frames.ts'
import { answering, backend, bodyOf, staticRoute } from './house.ts'
import type { RelayOptions } from '../../../gateway/relay/relay.ts'

type Seen = { method: string; url: string; headers: Record<string, unknown>; body: string; trailers: unknown }

/** A door whose a.test and b.test report what they got. */
async function echo(t: TestContext, options: RelayOptions & { scheme?: 'http' | 'https' } = {}): Promise<Door & { seen: Seen[] }> {
  const seen: Seen[] = []
  const { port } = await backend(t, async (request, response) => {
    const body = await bodyOf(request).catch(() => 'broken')
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body, trailers: request.trailers })
    response.end(request.headers.host)
  })
  return { ...await h2With(t, [staticRoute(port), staticRoute(port, 'b.test')], options), seen }
}

test('each request goes by its :authority, whatever the others on its connection said', async t => {
  const { h2 } = await echo(t)
  const session = client(t, h2)
  const answers = await Promise.all([ask(session, { ':authority': 'a.test' }), ask(session, { ':authority': 'B.test:443' }), ask(session, { ':authority': 'c.test' })])
  assert.deepEqual(answers.map(({ status, body }) => [status, status === 200 ? body : '']), [[200, 'a.test'], [200, 'B.test:443'], [404, '']])
})

test('Host stands in for a missing :authority, must agree with one that is there, and there is one answer to neither', async t => {
  const { h2, seen } = await echo(t)
  const frames = new Frames(t, h2)
  const base: [string, string][] = [[':method', 'GET'], [':scheme', 'http'], [':path', '/']]
  frames.send(headersFrame(1, [...base, ['host', 'b.test']]), headersFrame(3, [...GET, ['host', 'A.test']]), headersFrame(5, [...GET, ['host', 'b.test']]))
  for (const stream of [1, 3, 5]) await frames.until(({ type, stream: id, flags }) => id === stream && type === FRAME.data && (flags & END_STREAM) !== 0)
  assert.deepEqual(seen.map(({ headers }) => headers.host).sort(), ['a.test', 'b.test'])
  const lone = await ask(client(t, h2), { ':authority': 'a.test', ':path': '/x', host: 'b.test' })
  assert.equal(lone.status, 400)
})

test('an :authority with user info or garbage is refused, and the connection goes on', async t => {
  const { h2, seen } = await echo(t)
  const session = client(t, h2)
  for (const authority of ['me@a.test', 'a.test:x', 'a..test', 'a.test,b.test']) assert.ok([0, 400].includes((await ask(session, { ':authority': authority })).status), authority)
  assert.equal(seen.length, 0)
  assert.equal((await ask(session, {})).status, 200)
})

test('cookie crumbs are joined, forged forwarding fields dropped, and the hop is told as HTTP/2', async t => {
  const { h2, seen } = await echo(t, { scheme: 'https' })
  await ask(client(t, h2), { ':scheme': 'https', cookie: ['a=1', 'b=2', 'c=3'], 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6', x_forwarded_for: '6.6.6.6', 'x-request-id': 'mine' })
  const headers: Record<string, unknown> = seen[0]?.headers ?? {}
  assert.equal(headers.cookie, 'a=1; b=2; c=3')
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers.via, '2.0 auberge')
  assert.ok(!JSON.stringify(headers).includes('6.6.6.6') && headers['x-request-id'] !== 'mine')
})

test('fields of an HTTP/1.1 connection, TE beyond trailers, and twins of framing fields never reach a backend', async t => {
  const { h2, seen } = await echo(t)
  const frames = new Frames(t, h2)
  const bad: [string, string][] = [['connection', 'close'], ['transfer-encoding', 'chunked'], ['upgrade', 'websocket'], ['keep-alive', '5'], ['proxy-connection', 'x'], ['te', 'gzip']]
  for (const [i, field] of bad.entries()) {
    frames.send(headersFrame(2 * i + 1, [...GET, field]))
    assert.equal(await frames.reset(2 * i + 1), 1, field[0])
  }
  const session = client(t, h2)
  assert.equal((await ask(session, { content_length: '5' })).status, 400)
  assert.equal((await ask(session, { transfer_encoding: 'chunked' })).status, 400)
  assert.equal(seen.length, 0)
  await ask(session, { te: 'trailers' })
  assert.equal(seen[0]?.headers.te, 'trailers')
})

test('a field that would end its line early does not reach a backend', async t => {
  const { h2, seen } = await echo(t)
  const frames = new Frames(t, h2)
  const inject = 'x\r\nx-evil: 1\r\n\r\nGET /evil HTTP/1.1\r\nhost: a.test\r\n'
  const lists: [string, string][][] = [[...GET, ['x-a', inject]], [...GET, ['x-a: b\r\nx-evil', '1']], [[':method', 'GET'], [':scheme', 'http'], [':path', `/ HTTP/1.1\r\nx-evil: 1\r\n`], [':authority', 'a.test']],
    [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'a.test\r\nx-evil: 1']], [[':method', 'GET / HTTP/1.1\r\nx-evil:'], [':scheme', 'http'], [':path', '/'], [':authority', 'a.test']], [...GET, ['cookie', inject]], [...GET, ['x-evil:', '1']]]
  for (const [i, list] of lists.entries()) {
    frames.send(headersFrame(2 * i + 1, list))
    await frames.until(({ type, stream, flags }) => stream === 2 * i + 1 && (type === FRAME.reset || (flags & END_STREAM) !== 0))
  }
  assert.ok(seen.every(({ url, headers }) => url === '/' && headers['x-evil'] === undefined && headers['x-evil:'] === undefined), JSON.stringify(seen))
})

test('pseudo-header fields that are missing, doubled, late, unknown or in a trailer section reset their stream', async t => {
  const { h2, seen } = await echo(t)
  const frames = new Frames(t, h2)
  const lists: [string, string][][] = [GET.slice(1), GET.filter(([name]) => name !== ':path'), [...GET, [':path', '/b']], [['a', 'b'], ...GET], [...GET, [':evil', '1']], [...GET, [':status', '200']], [[':method', 'GET'], [':scheme', 'http'], [':path', ''], [':authority', 'a.test']]]
  for (const [i, list] of lists.entries()) {
    frames.send(headersFrame(2 * i + 1, list))
    assert.equal(await frames.reset(2 * i + 1), 1, JSON.stringify(list))
  }
  assert.equal(seen.length, 0)
})

test('a target that is no path is refused, one too long is 414, too large a head 431', async t => {
  const { h2, seen } = await echo(t, { settings: { target: 100, requestHead: 2_000 } })
  const session = client(t, h2)
  assert.equal((await ask(session, { ':path': `/${'x'.repeat(100)}` })).status, 414)
  const large = await ask(session, { 'x-large': 'x'.repeat(2_000) })
  assert.deepEqual([large.status, large.headers['clear-site-data']], [431, undefined])
  const bomb = await ask(session, { cookie: ['a', 'b'].map(name => `${name}=${'x'.repeat(1_000)}`) })
  assert.deepEqual([bomb.status, bomb.headers['clear-site-data']], [431, '"cookies"'])
  assert.equal((await ask(session, { ':path': '/a#b' })).status, 400)
  assert.equal(seen.length, 0)
})

test('CONNECT is refused, and extended CONNECT to anything but a WebSocket', async t => {
  const { h2, seen } = await echo(t)
  const session = client(t, h2)
  await once(session, 'remoteSettings')
  assert.equal((await ask(session, { ':method': 'CONNECT', ':authority': 'a.test:80' })).status, 405)
  assert.equal((await ask(session, { ':method': 'CONNECT', ':protocol': 'connect-udp', ':path': '/', ':scheme': 'http' })).status, 501)
  assert.equal(seen.length, 0)
})

test('a request for https on a plain connection is misdirected, unless a trusted proxy brought it', async t => {
  const { h2 } = await echo(t)
  assert.equal((await ask(client(t, h2), { ':scheme': 'https' })).status, 421)
  assert.equal((await ask(client(t, h2), { ':scheme': 'ftp' })).status, 400)
  const trusting = await echo(t, { trustedProxies: ['127.0.0.1'] })
  assert.equal((await ask(client(t, trusting.h2), { ':scheme': 'https' })).status, 200)
})

test('a body of announced length keeps it, another is chunked, and a POST without one says so', async t => {
  const { h2, seen } = await echo(t)
  const session = client(t, h2)
  await ask(session, { ':method': 'PUT', 'content-length': 5 }, 'hello')
  await ask(session, { ':method': 'PUT' }, 'x'.repeat(300_000))
  await ask(session, { ':method': 'POST' })
  assert.deepEqual(seen.map(({ headers, body }) => [headers['content-length'], headers['transfer-encoding'], body.length]), [['5', undefined, 5], [undefined, 'chunked', 300_000], ['0', undefined, 0]])
})

test('a body longer or shorter than its content-length is never taken for a whole one', async t => {
  const { h2, seen } = await echo(t)
  for (const length of ['3', '10']) {
    const frames = new Frames(t, h2)
    frames.send(headersFrame(1, [[':method', 'POST'], ...GET.slice(1), ['content-length', length]], END_HEADERS), frame(FRAME.data, END_STREAM, 1, Buffer.from('hello')))
    await Promise.race([frames.goaway(), frames.reset(1).catch(() => 1)])
    assert.ok(!frames.got.some(({ type }) => type === FRAME.data))
  }
  assert.ok(seen.every(({ body }) => body === 'broken'))
})

test('request trailers reach the backend as trailers, without those that would frame or route', async t => {
  const { h2, seen } = await echo(t)
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, [[':method', 'POST'], ...GET.slice(1)], END_HEADERS), frame(FRAME.data, 0, 1, Buffer.from('hello')))
  frames.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, fields([['x-sum', '42'], ['x-forwarded-for', '6.6.6.6']])))
  await frames.until(({ type, flags }) => type === FRAME.data && (flags & END_STREAM) !== 0)
  assert.deepEqual([seen[0]?.body, { ...seen[0]?.trailers as object }], ['hello', { 'x-sum': '42' }])
})

test('Max-Forwards and Expect mean what they mean in HTTP/1.1', async t => {
  const { h2, seen } = await echo(t)
  const session = client(t, h2)
  const last = await ask(session, { ':method': 'OPTIONS', 'max-forwards': '0' })
  assert.deepEqual([last.status, seen.length], [200, 0])
  assert.equal((await ask(session, { ':method': 'OPTIONS', ':path': '*', 'max-forwards': '3' })).status, 200)
  assert.deepEqual([seen[0]?.url, seen[0]?.headers['max-forwards']], ['*', '2'])
  assert.equal((await ask(session, { expect: '200-ok' })).status, 417)
  const stream = session.request({ ':authority': 'a.test', ':method': 'POST', expect: '100-continue' }, { endStream: false })
  await once(stream, 'continue')
  stream.end('hello')
  assert.equal((await answer(stream)).status, 200)
})

test('curl speaks to it by prior knowledge', async t => {
  const { h2, seen } = await echo(t)
  const run = promisify(execFile)
  const { stdout } = await run('curl', ['-sS', '--http2-prior-knowledge', '-H', 'Host: a.test', '--data-binary', 'hello', '-w', ' %{http_version} %{response_code}', `http://127.0.0.1:${h2}/x`])
  assert.equal(stdout, 'a.test 2 200')
  assert.deepEqual([seen[0]?.method, seen[0]?.url, seen[0]?.body], ['POST', '/x', 'hello'])
})

test('a backend that closed a kept connection gets the request again on a new one', async t => {
  const { port, sockets } = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  assert.equal((await ask(session, {})).body, 'ok')
  for (const socket of sockets) socket.destroy()
  assert.equal((await ask(session, {})).body, 'ok')
})
