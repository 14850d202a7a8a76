// WebSockets over HTTP/2 (RFC 8441), which reach a backend as an HTTP/1.1 upgrade.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { test, type TestContext } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { answer, client, h2With, type Door } from './frames.ts'
import { rawBackend, staticRoute } from './house.ts'
import type { Socket } from 'node:net'

const accept = (head: string): string => createHash('sha1').update(`${/sec-websocket-key: (.*)\r\n/i.exec(head)?.[1] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** A door to a backend that answers upgrades with what `reply` says. */
async function backendThat(t: TestContext, reply: (head: string, socket: Socket) => void): Promise<Door & { sockets: Set<Socket>; heads: string[] }> {
  const heads: string[] = []
  const { port, sockets } = await rawBackend(t, socket => socket.once('data', chunk => { heads.push(String(chunk)); reply(String(chunk), socket) }))
  return { ...await h2With(t, [staticRoute(port)]), sockets, heads }
}

const switching = (head: string): string => `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: ${accept(head)}\r\n\r\n`

async function open(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  if (!session.remoteSettings.enableConnectProtocol) await once(session, 'remoteSettings')
  return session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/chat', ':authority': 'a.test', 'sec-websocket-version': '13', 'sec-websocket-key': 'mine' }, { endStream: false })
}

test('an extended CONNECT becomes an upgrade with a fresh key, its 101 a 200, and bytes go both ways, early ones included', async t => {
  const { h2, heads } = await backendThat(t, (head, socket) => { socket.write(`${switching(head)}early`); socket.on('data', bytes => socket.write(bytes)) })
  const stream = await open(client(t, h2))
  const early = once(stream, 'data')
  const [headers] = await once(stream, 'response')
  assert.deepEqual([headers[':status'], headers['sec-websocket-protocol'], headers['sec-websocket-accept'], headers.upgrade], [200, 'chat', undefined, undefined])
  assert.equal(String((await early)[0]), 'early')
  stream.write('hello')
  assert.equal(String((await once(stream, 'data'))[0]), 'hello')
  assert.match(heads[0] ?? '', /^GET \/chat HTTP\/1\.1\r\n/)
  assert.match(heads[0] ?? '', /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
  assert.match(heads[0] ?? '', /\r\nsec-websocket-key: [A-Za-z0-9+/]{22}==\r\n/)
  assert.equal(heads[0]?.match(/sec-websocket-key/gi)?.length, 1)
})

test('each side of a WebSocket can end on its own', async t => {
  const { h2, relay } = await backendThat(t, (head, socket) => { socket.write(switching(head)); socket.on('end', () => socket.end('last words')) })
  const stream = await open(client(t, h2))
  await once(stream, 'response')
  stream.end()
  const got = await answer(stream)
  assert.deepEqual([got.body, got.code], ['last words', 0])
  await until('the upstream is gone', () => relay.pools.open === 0)
})

test('an upgrade without the right proof, or a plain 200, is a 502', async t => {
  for (const reply of ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok']) {
    const { h2, relay } = await backendThat(t, (_head, socket) => { socket.write(reply) })
    assert.equal((await answer(await open(client(t, h2)))).status, 502)
    await until('the upstream is gone', () => relay.pools.open === 0)
  }
})

test('a refused upgrade is passed on', async t => {
  const { h2 } = await backendThat(t, (_head, socket) => { socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno') })
  const { status, body } = await answer(await open(client(t, h2)))
  assert.deepEqual([status, body], [403, 'no'])
})

test('a reset WebSocket closes its upstream, and a lost upstream resets the stream', async t => {
  const { h2, relay, sockets } = await backendThat(t, (head, socket) => { socket.write(switching(head)) })
  const session = client(t, h2)
  const [first, second] = [await open(session), await open(session)]
  for (const stream of [first, second]) stream.on('error', () => {})
  await Promise.all([once(first, 'response'), once(second, 'response')])
  first.close(8)
  await until('one upstream is gone', () => relay.pools.open === 1)
  const lost = answer(second)
  for (const socket of sockets) socket.resetAndDestroy()
  assert.notEqual((await lost).code, 0)
  await until('both are gone', () => relay.pools.open === 0)
})
