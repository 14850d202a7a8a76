import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { listen } from '../../../gateway/relay/listener.ts'
import { Contexts } from '../../../gateway/relay/tls/contexts.ts'
import { Tls } from '../../../gateway/relay/tls/socket.ts'
import { CUSTOM, dialled } from './tls-house.ts'

test('who pauses gets nothing until it resumes, though OpenSSL has more, and then all of it in order', async t => {
  const contexts = new Contexts()
  contexts.replace([CUSTOM])
  const served = contexts.find('a.test')
  const context = served && contexts.contextOf(served)
  assert.ok(context)
  const { promise, resolve } = Promise.withResolvers<Tls>()
  const server = await listen({ port: 0, host: '127.0.0.1' }, accepted => {
    const taken = accepted.take()
    if (taken !== null) resolve(new Tls(taken.handle, context, Buffer.from('\x08http/1.1')))
  })
  t.after(() => server.close())
  const client = await dialled(t, (server.address() as AddressInfo).port, {})
  const tls = await promise
  t.after(() => tls.destroy())
  const sent = Buffer.from(Array.from({ length: 400_000 }, (_, i) => i % 251))
  const got: Buffer[] = []
  let early = 0
  tls.open({ buffer: () => undefined, callback: (size, bytes) => {
    if (tls.isPaused()) early++
    got.push(Buffer.from(bytes.subarray(0, size)))
    tls.pause()
    setImmediate(() => tls.resume())
    return false
  } })
  client.end(sent)
  await once(tls, 'end')
  assert.equal(early, 0)
  assert.ok(got.length > 10)
  assert.deepEqual(Buffer.concat(got), sent)
})
