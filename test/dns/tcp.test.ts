import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Responder } from '../../dns/respond.ts'
import { serveTcp, TCP_LIMITS, type TcpLimits } from '../../dns/tcp.ts'
import { Transfers } from '../../dns/transfer.ts'
import { Zone } from '../../dns/zone.ts'
import { portOf, sampleZone } from './nameserver.ts'
import { ALICE, header, query, wireName } from './packets.ts'

const ends: (() => unknown)[] = []
after(() => Promise.all(ends.map(end => end())))

async function serving(limits: Partial<TcpLimits> = {}, responder = new Responder(new Zone(sampleZone()))): Promise<{ open: () => Promise<Socket>; close: () => Promise<void> }> {
  const { server, close } = await serveTcp({ port: 0, host: '127.0.0.1' }, responder, { ...TCP_LIMITS, ...limits })
  const port = portOf(server)
  ends.push(close)
  const open = async (): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    ends.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { open, close }
}

const framed = (wire: Buffer): Buffer => Buffer.concat([Buffer.from([wire.length >> 8, wire.length & 255]), wire])

/** Collects messages; `next` resolves with the next one, or null at the end of the connection. */
function reader(socket: Socket): () => Promise<Buffer | null> {
  let held = Buffer.alloc(0)
  let wake = (): void => undefined
  let state: 'open' | 'over' = 'open'
  socket.on('data', (chunk: Buffer) => { held = Buffer.concat([held, chunk]); wake() })
  for (const event of ['end', 'close']) socket.on(event, () => { state = 'over'; wake() })
  return async () => {
    while (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) {
      if (state === 'over') return null
      await new Promise<void>(resolve => { wake = resolve })
    }
    const end = 2 + held.readUInt16BE(0)
    const message = held.subarray(2, end)
    held = held.subarray(end)
    return message
  }
}

test('many questions in one write are answered in order (RFC 7766 section 6.2.1.1)', async () => {
  const socket = await (await serving()).open()
  const next = reader(socket)
  const ids = Array.from({ length: 500 }, (_, n) => n)
  socket.write(Buffer.concat(ids.map(id => framed(query({ id: id.toString(16).padStart(4, '0') })))))
  for (const id of ids) assert.equal((await next())?.readUInt16BE(0), id)
})

test('a question that comes byte by byte is answered', async () => {
  const socket = await (await serving()).open()
  const next = reader(socket.setNoDelay(true))
  for (const byte of framed(ALICE)) {
    socket.write(Buffer.from([byte]))
    await new Promise(setImmediate)
  }
  assert.equal((await next())?.length, ALICE.length + 16)
})

test('a client that closed its half gets its answers, then the end (RFC 7766 section 6.2.4)', async () => {
  const socket = await (await serving()).open()
  const next = reader(socket)
  socket.end(Buffer.concat([framed(ALICE), framed(ALICE), framed(ALICE).subarray(0, 9)]))
  assert.ok(await next() !== null)
  assert.ok(await next() !== null)
  assert.equal(await next(), null)
})

test('a client that doesn\'t read does not make us hold its answers, and gets all when it reads', async () => {
  const { open } = await serving()
  const socket = await open()
  const wire = framed(query({ name: wireName('alice.example'), type: 6 }))
  const count = 100_000
  socket.write(Buffer.concat(Array.from({ length: count }, () => wire)))
  const next = reader(socket)
  for (let n = 0; n < count; n += 1) assert.ok(await next() !== null)
})

class Counting extends Responder {
  answered = 0
  override converse(wire: Buffer, address: string): Buffer | Iterator<Buffer> | null {
    this.answered += 1
    return super.converse(wire, address)
  }
}

test('a flood of questions on some connections leaves others their turn', async () => {
  const responder = new Counting(new Zone(sampleZone()))
  const { open } = await serving({}, responder)
  const flood = Buffer.concat(Array.from({ length: 20_000 }, () => framed(query({ name: wireName('org') }))))
  const loud = await Promise.all(Array.from({ length: 10 }, open))
  const other = await open()
  const next = reader(other)
  for (const socket of loud) socket.resume().write(flood)
  other.write(framed(ALICE))
  assert.ok(await next() !== null)
  assert.ok(responder.answered < 20_000, `${responder.answered} were answered first`)
})

test('what is no query ends the connection: a response, a length of zero, one that no query has', async () => {
  const { open } = await serving()
  for (const bytes of [framed(query({ flags: '8000' })), Buffer.from([0, 0]), Buffer.from([0xff, 0xff, 1])]) {
    const socket = await open()
    socket.write(bytes)
    assert.equal(await reader(socket)(), null)
  }
})

test('a malformed query is answered with FORMERR and the connection goes on', async () => {
  const socket = await (await serving()).open()
  const next = reader(socket)
  socket.write(Buffer.concat([framed(query({ name: 'c00c' })), framed(ALICE)]))
  assert.equal(header(await next() ?? ALICE).rcode, 1)
  assert.equal(header(await next() ?? ALICE).rcode, 0)
})

test('a connection on which no whole query comes is closed, though bytes do', async () => {
  const socket = await (await serving({ idle: 50 })).open()
  const drip = setInterval(() => socket.write('\0'), 5)
  ends.push(() => clearInterval(drip))
  socket.write(Buffer.from([1, 0]))
  assert.equal(await reader(socket)(), null)
  clearInterval(drip)
})

test('one address may have so many connections and no more, until one goes', async () => {
  const { open } = await serving({ perSender: 2 })
  const sockets = [await open(), await open()]
  assert.equal(await reader(await open())(), null)
  const [first, second] = sockets as [Socket, Socket]
  second.write(framed(ALICE))
  assert.ok(await reader(second)() !== null)
  first.end()
  await once(first.resume(), 'close')
  const again = await open()
  again.write(framed(ALICE))
  assert.ok(await reader(again)() !== null)
})

test('with all connections taken, the one that was idle longest makes room', async () => {
  const { open } = await serving({ clients: 2 })
  const first = await open()
  const nextOfFirst = reader(first)
  const second = await open()
  const nextOfSecond = reader(second)
  second.write(framed(ALICE))
  await nextOfSecond()
  first.write(framed(ALICE))
  await nextOfFirst()
  const third = await open()
  third.write(framed(ALICE))
  assert.ok(await reader(third)() !== null)
  assert.equal(await nextOfSecond(), null)
  first.write(framed(ALICE))
  assert.ok(await nextOfFirst() !== null)
})

/** A zone of 40,000 names (about 900 kB) that this machine may copy. */
function large(): { zone: Zone; responder: Responder } {
  const names = Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`n${n}`, { a: ['192.0.2.1'], aaaa: [] }]))
  const zone = new Zone(sampleZone({ names }))
  return { zone, responder: new Responder(zone, { transfers: new Transfers([{ address: '127.0.0.1', port: 53, key: null, from: null }]) }) }
}
const AXFR = framed(query({ name: wireName('example'), type: 252 }))

test('a query behind a transfer on one connection is answered after it, and one on another at once', async () => {
  const { open } = await serving({}, large().responder)
  const [socket, other] = [await open(), await open()]
  const [next, nextOfOther] = [reader(socket), reader(other)]
  socket.write(Buffer.concat([AXFR, framed(ALICE)]))
  let records = header(await next() ?? ALICE).counts[1] ?? 0
  other.write(framed(ALICE))
  assert.equal((await nextOfOther())?.readUInt16BE(0), ALICE.readUInt16BE(0))
  let last = await next()
  for (; last !== null && last.readUInt16BE(0) === 0x1234; last = await next()) records += header(last).counts[1] ?? 0
  assert.deepEqual([records, last?.readUInt16BE(0)], [40_000 + 7, ALICE.readUInt16BE(0)])
})

test('secondaries that leave in the middle of a transfer make room for others', async () => {
  const { open } = await serving({}, large().responder)
  for (let n = 0; n < 12; n += 1) {
    const socket = await open()
    const next = reader(socket)
    socket.write(AXFR)
    assert.equal(header(await next() ?? ALICE).rcode, 0, `the ${n}th`)
    socket.destroy()
  }
})

test('closing lets clients read what was answered', async () => {
  const { open, close } = await serving()
  const socket = await open()
  const next = reader(socket)
  socket.write(framed(ALICE))
  assert.ok(await next() !== null)
  const closed = close()
  assert.equal(await next(), null)
  socket.end()
  await closed
})
