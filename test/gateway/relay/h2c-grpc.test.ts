// Exchanges shaped like gRPC's, through HTTP/2 on both sides.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerHttp2Stream } from 'node:http2'
import { until } from '../../helpers/patience.ts'
import { call, grpcServer, h2Backend, h2cRoute, message } from './grpc.ts'
import { client, h2With } from './frames.ts'

test('one message each way, and the status in the trailers', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const { stream, messages, headers, trailers } = call(client(t, h2), '/unary')
  stream.end(message('hello'))
  assert.equal((await headers)['content-type'], 'application/grpc')
  assert.deepEqual(await messages.all(), ['hello'])
  assert.deepEqual(Object.entries(await trailers ?? {}), [['grpc-status', '0'], ['grpc-message', 'fine']])
})

test('a stream of messages from the server', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const { stream, messages, trailers } = call(client(t, h2), '/server')
  stream.end(message('n'))
  assert.deepEqual(await messages.all(), Array.from({ length: 100 }, (_, i) => `n ${i}`))
  assert.equal((await trailers)?.['grpc-status'], '0')
})

test('a stream of messages from the client', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const { stream, messages } = call(client(t, h2), '/client')
  for (let i = 0; i < 50; i++) stream.write(message(String(i)))
  stream.end()
  assert.deepEqual(await messages.all(), [Array.from({ length: 50 }, (_, i) => i).join('+')])
})

test('a conversation: each message is answered before the next is sent, and the visitor is the one who ends it', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const { stream, messages, headers, trailers } = call(client(t, h2), '/bidi')
  await headers
  for (let i = 0; i < 20; i++) {
    stream.write(message(String(i)))
    assert.equal((await messages.first(i + 1))[i], `echo ${i}`)
  }
  stream.end()
  assert.equal((await trailers)?.['grpc-status'], '0')
})

test('a conversation in which nobody says anything for longer than a body may pause goes on', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2, relay } = await h2With(t, [h2cRoute(port)], { settings: { bodyProgress: 100 } })
  const { stream, messages } = call(client(t, h2), '/bidi')
  stream.write(message('a'))
  await messages.first(1)
  const now = relay.clock.now
  await until('some time has passed', () => relay.clock.now > now + 400)
  stream.end(message('b'))
  assert.deepEqual(await messages.all(), ['echo a', 'echo b'])
})

test('a response that is nothing but a status', async t => {
  const { port } = await h2Backend(t, grpcServer)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const { stream, messages, headers } = call(client(t, h2), '/fail')
  stream.end(message('x'))
  assert.equal((await headers)['grpc-status'], '12')
  assert.deepEqual(await messages.all(), [])
})

test('a call that is cancelled is cancelled at the server, before its answer and within it', async t => {
  const resets: number[] = []
  const begun: ServerHttp2Stream[] = []
  const { port } = await h2Backend(t, (stream, headers) => {
    begun.push(stream)
    stream.on('close', () => resets.push(stream.rstCode ?? -1))
    if (headers[':path'] === '/bidi') stream.respond({ ':status': 200 })
  })
  const { h2, relay } = await h2With(t, [h2cRoute(port)])
  const session = client(t, h2)
  const silent = call(session, '/unary')
  silent.stream.write(message('x'))
  const talking = call(session, '/bidi')
  await talking.headers
  await until('both are there', () => begun.length === 2)
  silent.stream.close(8)
  talking.stream.close(8)
  await until('both are cancelled', () => resets.length === 2)
  assert.deepEqual(resets, [8, 8])
  assert.equal(relay.pools.open, 1)
})

test('a server that resets a call before its answer is a 502, within it a reset', async t => {
  const { port } = await h2Backend(t, (stream, headers) => {
    if (headers[':path'] !== '/bidi') return stream.close(2)
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('data', () => stream.close(2))
  })
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const session = client(t, h2)
  assert.equal((await call(session, '/unary').headers)[':status'], 502)
  const talking = call(session, '/bidi')
  await talking.headers
  talking.stream.write(message('x'))
  assert.equal(await talking.trailers, null)
  assert.equal(talking.stream.rstCode, 2)
})
