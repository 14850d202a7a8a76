import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import type { TestContext } from 'node:test'
import { readGreeting } from '../../../gateway/relay/tls/hello.ts'

/** What a real client opens with. */
async function opening(t: TestContext, options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options } as ConnectionOptions).on('error', () => {})
  const [socket] = await once(server, 'connection') as [import('node:net').Socket]
  socket.on('error', () => {})
  const [bytes] = await once(socket, 'data') as [Buffer]
  t.after(() => { client.destroy(); socket.destroy(); server.close() })
  return bytes
}

/** The same message in records of `size` bytes. */
function split(hello: Buffer, size: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 5; at < hello.length; at += size) {
    const piece = hello.subarray(at, at + size)
    pieces.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece)
  }
  return Buffer.concat(pieces)
}

test('name, protocols and versions are read, whole, in fragments, and not before all of it is there', async t => {
  const bytes = await opening(t, { servername: 'Alice.Example.test', ALPNProtocols: ['h2', 'http/1.1'] })
  const expected = { kind: 'hello', hello: { name: 'alice.example.test', protocols: ['h2', 'http/1.1'], versions: [0x304, 0x303] } }
  for (const form of [bytes, split(bytes, 40), split(bytes, 100), split(bytes, 1_000)]) {
    assert.deepEqual(readGreeting(form), expected)
    for (let end = 0; end < form.length; end += 7) assert.equal(readGreeting(form.subarray(0, end)), null)
  }
  assert.deepEqual(readGreeting(split(bytes, 1)), { kind: 'refused', alert: 50 })
})

test('an address as a name is none; an old hello has its own version', () => {
  const hello = (extensions: string): Buffer => {
    const body = Buffer.from(`0303${'00'.repeat(32)}00000213010100${extensions}`, 'hex')
    return Buffer.concat([Buffer.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body])
  }
  assert.deepEqual(readGreeting(hello('')), { kind: 'hello', hello: { name: null, protocols: [], versions: [0x303] } })
  const named = (name: string): string => {
    const octets = Buffer.from(name).toString('hex')
    const size = (extra: number): string => (name.length + extra).toString(16).padStart(4, '0')
    return `${size(9)}0000${size(5)}${size(3)}00${size(0)}${octets}`
  }
  assert.deepEqual(readGreeting(hello(named('127.0.0.1'))), readGreeting(hello('')))
  assert.deepEqual(readGreeting(hello(named('a b'))), { kind: 'refused', alert: 47 })
  assert.deepEqual(readGreeting(hello('0008' + '002b0000' + '002b0000')), { kind: 'refused', alert: 50 })
  assert.deepEqual(readGreeting(hello('0008' + '00990000' + '00990000')), { kind: 'refused', alert: 47 })
  assert.deepEqual(readGreeting(hello('0000ff')), { kind: 'refused', alert: 50 })
})

test('whatever is changed in a hello, the answer is a greeting, and never an exception', async t => {
  const bytes = await opening(t, { servername: 'alice.example.test', ALPNProtocols: ['h2', 'http/1.1'] })
  let seed = 42
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below
  const kinds = new Set<string>()
  for (let i = 0; i < 20_000; i++) {
    const mutated = Buffer.from(bytes)
    for (let j = random(4); j >= 0; j--) mutated[random(mutated.length)] = random(256)
    const greeting = readGreeting(random(3) === 0 ? split(mutated, 30 + random(200)) : mutated.subarray(0, 1 + random(mutated.length)))
    kinds.add(greeting?.kind ?? 'more')
  }
  assert.deepEqual([...kinds].sort(), ['hello', 'more', 'refused'])
})
