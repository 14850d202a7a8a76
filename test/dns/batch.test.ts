// Datagrams that are read and answered many at a time, by the kernel's own sockets.
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { test, type TestContext } from 'node:test'
import { Batch, MANY, type Answer } from '../../dns/batch.ts'
import { UDP_MOST } from '../../dns/codes.ts'
import { boundUdp } from './nameserver.ts'

type Client = { socket: Socket; say: (what: string | Buffer) => Promise<void>; heard: string[]; address: string }

/** A socket that nobody reads, and some that send to it. Over loopback what was sent has arrived. */
async function open(t: TestContext, address: string, count: number): Promise<{ batch: Batch; clients: Client[] }> {
  const { fd, port, close } = await boundUdp(address)
  t.after(close)
  const clients = await Promise.all(Array.from({ length: count }, () => client(t, address, port)))
  return { batch: new Batch(fd, address.includes(':') ? 6 : 4), clients }
}

async function client(t: TestContext, address: string, port: number): Promise<Client> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(0, address)
  await once(socket, 'listening')
  t.after(() => socket.close())
  const heard: string[] = []
  socket.on('message', wire => heard.push(wire.toString()))
  return { socket, heard, address, say: what => promisify<string | Buffer, number, string>(socket.send.bind(socket))(what, port, address) }
}

/** Resolves once a client has heard so many answers. */
async function hears({ socket, heard }: Client, count: number): Promise<string[]> {
  while (heard.length < count) await once(socket, 'message')
  return heard.sort()
}

const echo: Answer = (wire, address) => Buffer.from(`${address} ${wire.toString()}`)

for (const address of ['127.0.0.1', '127.9.8.77', '::1']) {
  test(`from ${address}, more than one call takes are each answered to where they came from`, async t => {
    const { batch, clients } = await open(t, address, 3)
    for (let n = 0; n < MANY; n++) await Promise.all(clients.map((one, which) => one.say(`${which}:${n}`)))
    assert.deepEqual([1, 2, 3, 4].map(() => batch.turn(echo)), [MANY, MANY, MANY, -1])
    for (const [which, one] of clients.entries()) assert.deepEqual(await hears(one, MANY), Array.from({ length: MANY }, (_, n) => `${address} ${which}:${n}`).sort())
  })
}

test('what gets no answer leaves no gap for others', async t => {
  const { batch, clients: [one] } = await open(t, '127.0.0.1', 1)
  assert.ok(one)
  const said = ['no', 'a', 'no', 'no', 'b', 'c', 'long', 'd', 'no']
  for (const word of said) await one.say(word)
  const answer: Answer = wire => String(wire) === 'no' ? null : String(wire) === 'long' ? Buffer.alloc(UDP_MOST + 1) : Buffer.from(wire)
  assert.equal(batch.turn(answer), said.length)
  assert.deepEqual(await hears(one, 4), ['a', 'b', 'c', 'd'])
})

test('a datagram comes with all its bytes and no others, the shortest and the longest', async t => {
  const { batch, clients: [one] } = await open(t, '127.0.0.1', 1)
  assert.ok(one)
  const sizes = [65507, 0, 1, 512, 40_000, 0]
  for (const size of sizes) await one.say(Buffer.alloc(size, size & 0xff))
  const seen: number[] = []
  batch.turn(wire => { seen.push(wire.length); assert.ok(wire.every(byte => byte === (wire.length & 0xff))); return null })
  assert.deepEqual(seen, sizes)
})

test('an answer of the largest size arrives whole', async t => {
  const { batch, clients: [one] } = await open(t, '::1', 1)
  assert.ok(one)
  await one.say('?')
  batch.turn(() => Buffer.alloc(UDP_MOST, 'x'))
  assert.deepEqual(await hears(one, 1), ['x'.repeat(UDP_MOST)])
})
