// HTTP/2 by prior knowledge on a plain door, which is off unless it is asked for.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ask, client, Frames, frame, FRAME, GET, headersFrame, PREFACE } from './frames.ts'
import { answering, exchange, relayWith, staticRoute, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'

const exec = promisify(execFile)
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const REQUEST = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'

test('a plain door speaks HTTP/2 by prior knowledge where that is on, and HTTP/1.1 as before', async t => {
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [staticRoute(up)], { h2c: true })
  assert.deepEqual([(await ask(client(t, port), {})).status, (await ask(client(t, port), {})).body], [200, 'ok'])
  assert.match(await exchange(t, port, REQUEST), /^HTTP\/1\.1 200 OK/)
  const wire = new Wire(t, port).send('P')
  wire.send('OST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n')
  assert.match(await wire.until('ok'), /^HTTP\/1\.1 200 OK/)
})

test('without it a preface is refused like any malformed request', async t => {
  const { port } = await relayWith(t, [])
  assert.match(await exchange(t, port, PREFACE), /^HTTP\/1\.1 [45]/)
})

test('a preface that comes a byte at a time is one', async t => {
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [staticRoute(up)], { h2c: true })
  const whole = Buffer.concat([Buffer.from(PREFACE, 'latin1'), frame(FRAME.settings, 0, 0), headersFrame(1, GET)])
  const wire = new Wire(t, port)
  wire.socket.setNoDelay(true)
  for (const byte of whole) await new Promise(resolve => wire.socket.write(Buffer.of(byte), resolve))
  await wire.until('ok')
})

test('who does not say which it speaks is closed in time and counted until then', async t => {
  const { port, relay } = await relayWith(t, [], { h2c: true, settings: { headTimeout: 200 } })
  const wire = new Wire(t, port).send('PRI * HT')
  await until('it is a guest', () => relay['guests'].size === 1)
  assert.equal(relay.crowd.size, 1)
  assert.equal(await wire.close(), '')
  await until('nothing is left', () => relay['guests'].size === 0 && relay.crowd.size === 0)
})

test('who half-closes or leaves within a preface is gone', async t => {
  const { port, relay } = await relayWith(t, [], { h2c: true })
  new Wire(t, port).send('PRI * HT').socket.end()
  const frames = new Frames(t, port)
  await frames.until(({ type }) => type === FRAME.settings)
  frames.socket.destroy()
  await until('nothing is left', () => relay['guests'].size === 0 && relay.crowd.size === 0)
})

test('curl and h2load are served by prior knowledge', async t => {
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [staticRoute(up)], { h2c: true })
  const curl = await exec('curl', ['-sS', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', '-H', 'Host: a.test', `http://127.0.0.1:${port}/`])
  assert.equal(curl.stdout, '2 200')
  const load = await exec('h2load', ['-n', '2000', '-c', '4', '-m', '20', `--connect-to=127.0.0.1:${port}`, 'http://a.test/'])
  assert.match(load.stdout, /2000 succeeded, 0 failed/)
})
