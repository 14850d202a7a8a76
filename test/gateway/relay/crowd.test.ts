// How many connections one address may have: over IPv4, over IPv6, where a /64 is one customer, and behind a balancer.
import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { answering, relayWith, staticRoute } from './house.ts'
import { Crowd, keyOf } from '../../../gateway/relay/crowd.ts'
import { SETTINGS } from '../../../gateway/relay/settings.ts'
import { until } from '../../helpers/patience.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

/** Connects, asks, and resolves with the status of the answer; the connection stays open. */
async function visit(t: TestContext, where: { host: string; port: number }, before = ''): Promise<{ status: string; socket: Socket }> {
  const socket = connect(where).on('error', () => {})
  t.after(() => socket.destroy())
  socket.write(before + GET)
  const [bytes] = await once(socket, 'data') as [Buffer]
  return { status: bytes.toString('latin1').slice(9, 12), socket }
}

for (const [family, host] of [['IPv4', '127.0.0.1'], ['IPv6', '::1']] as const) {
  test(`one address over ${family} has so many connections and no more, and another when one has ended`, async t => {
    const up = await answering(t, OK)
    const { relay } = await relayWith(t, [staticRoute(up.port)], { settings: { perAddress: 3 } })
    const server = await relay.listen({ port: 0, host })
    const where = { host, port: (server.address() as AddressInfo).port }
    const first = await visit(t, where)
    const more = [await visit(t, where), await visit(t, where)]
    assert.deepEqual([first, ...more].map(({ status }) => status), ['200', '200', '200'])
    const refused = await visit(t, where)
    assert.equal(refused.status, '503')
    first.socket.destroy()
    await until('the place is free', () => relay.crowd.size === 2)
    assert.equal((await visit(t, where)).status, '200')
  })
}

test('two addresses of one /64 count together, those of the next do not; the same behind a balancer as its header says', async t => {
  const up = await answering(t, OK)
  const { port } = await relayWith(t, [staticRoute(up.port)], { settings: { perAddress: 2 }, proxyProtocol: true, trustedProxies: ['127.0.0.1'] })
  const from = async (address: string): Promise<string> =>
    (await visit(t, { host: '127.0.0.1', port }, `PROXY TCP${address.includes(':') ? '6' : '4'} ${address} ${address.includes(':') ? '::1' : '127.0.0.1'} 1000 80\r\n`)).status
  assert.deepEqual([await from('2001:db8:0:1::1'), await from('2001:db8:0:1:ffff::2'), await from('2001:db8:0:1::3')], ['200', '200', '503'])
  assert.equal(await from('2001:db8:0:2::1'), '200')
  assert.deepEqual([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')], ['200', '200', '503', '200'])
})

test('all addresses together are bounded, a trusted proxy by that alone', async t => {
  const up = await answering(t, OK)
  const where = async (options: Parameters<typeof relayWith>[2]) => ({ host: '127.0.0.1', port: (await relayWith(t, [staticRoute(up.port)], options)).port })
  const small = await where({ settings: { connections: 2 } })
  assert.deepEqual([(await visit(t, small)).status, (await visit(t, small)).status, (await visit(t, small)).status], ['200', '200', '503'])
  const trusted = await where({ settings: { connections: 3, perAddress: 1 }, trustedProxies: ['127.0.0.1'] })
  assert.deepEqual([(await visit(t, trusted)).status, (await visit(t, trusted)).status, (await visit(t, trusted)).status, (await visit(t, trusted)).status], ['200', '200', '200', '503'])
})

test('an address has one key however it is written, and forgets whoever has left', () => {
  assert.equal(keyOf('::ffff:192.0.2.1'), keyOf('192.0.2.1'))
  assert.equal(keyOf('2001:DB8:0:1::1'), keyOf('2001:db8::1:0:0:0:9'))
  assert.notEqual(keyOf('2001:db8:0:1::1'), keyOf('2001:db8:0:2::1'))
  assert.equal(keyOf('fe80::1%eth0'), keyOf('fe80::2'))
  const crowd = new Crowd({ ...SETTINGS, perAddress: 1 })
  const key = crowd.enter('2001:db8::1', false)
  assert.equal(crowd.enter('2001:db8::2', false), null)
  assert.ok(key !== null)
  crowd.leave(key)
  assert.equal(crowd['byAddress'].size, 0)
  assert.notEqual(crowd.enter('2001:db8::2', false), null)
})
