// NOTIFY (RFC 1996) between real sockets: what is sent, how often, and which answers end it.
import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { keyOf } from '../../dns/name.ts'
import { Notifier, type Ears } from '../../dns/notify.ts'
import { Keys, Signing } from '../../dns/tsig.ts'
import { parse } from '../../dns/parse.ts'
import { KEY } from './packets.ts'

const ends: (() => void)[] = []
after(() => { for (const end of ends.reverse()) end() })

const ZONE = keyOf('example')

/** A secondary's end: `next` resolves with the next NOTIFY and its sender. */
async function secondary(): Promise<{ socket: Socket; port: number; next: () => Promise<[Buffer, RemoteInfo]> }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  ends.push(() => socket.close())
  const queue: [Buffer, RemoteInfo][] = []
  let wake = (): void => undefined
  socket.on('message', (wire: Buffer, from: RemoteInfo) => { queue.push([wire, from]); wake() })
  const next = async (): Promise<[Buffer, RemoteInfo]> => {
    for (;;) {
      const first = queue.shift()
      if (first !== undefined) return first
      await new Promise<void>(resolve => { wake = resolve })
    }
  }
  return { socket, port: socket.address().port, next }
}

function notifier(port: number, { key = null, waits, ...ears }: { key?: typeof KEY | null; waits?: number[] } & Ears = {}): Notifier {
  const made = new Notifier([{ address: '127.0.0.1', port, key, from: '127.0.0.1' }], ears, waits)
  ends.push(() => made.close())
  return made
}

/** The answer that a secondary gives: the same with QR. */
function answer(wire: Buffer, code = 0): Buffer {
  const reply = Buffer.from(wire.subarray(0, 12 + ZONE.length + 4))
  reply[2] = (reply[2] ?? 0) | 0x80
  reply[3] = code
  reply.writeUInt16BE(0, 10)
  return reply
}

test('a change is told: opcode 4, AA, the SOA of the zone as question', async () => {
  const { port, next, socket } = await secondary()
  const heard = Promise.withResolvers<number>()
  notifier(port, { heard: (_peer, serial) => heard.resolve(serial) }).tell({ key: ZONE, serial: 8 })
  const [wire, from] = await next()
  assert.equal(wire.subarray(2).toString('hex'), '2400' + '0001000000000000' + '076578616d706c6500' + '00060001')
  socket.send(answer(wire), from.port)
  assert.equal(await heard.promise, 8)
})

test('it is told again until it was heard, in the same bytes; what answers something else is no answer', async () => {
  const { port, next, socket } = await secondary()
  const heard = Promise.withResolvers<number>()
  notifier(port, { waits: Array.from({ length: 100 }, () => 100), heard: (_peer, serial) => heard.resolve(serial) }).tell({ key: ZONE, serial: 8 })
  const [first, from] = await next()
  const other = answer(first)
  other.writeUInt16BE(first.readUInt16BE(0) ^ 1)
  const stranger = createSocket('udp4')
  ends.push(() => stranger.close())
  stranger.send(answer(first), from.port, '127.0.0.1')
  const question = Buffer.from(first)
  for (const wire of [other, question, answer(first).subarray(0, 11), Buffer.alloc(0)]) socket.send(wire, from.port)
  const [second, again] = await next()
  assert.deepEqual([second.toString('hex'), again.port], [first.toString('hex'), from.port])
  socket.send(answer(first), from.port)
  assert.equal(await heard.promise, 8)
})

test('a secondary that says nothing, or no, is given up after the last wait, and told of the next change', async () => {
  const { port, next, socket } = await secondary()
  const failures: (number | null)[] = []
  const failed = Promise.withResolvers<void>()
  const made = notifier(port, { waits: [50, 50], failed: ({ said }) => { failures.push(said); if (failures.length === 2) failed.resolve(); else made.tell({ key: ZONE, serial: 9 }) } })
  made.tell({ key: ZONE, serial: 8 })
  for (let n = 0; n < 2; n += 1) await next()
  for (let n = 0; n < 2; n += 1) {
    const [wire, from] = await next()
    socket.send(answer(wire, 9), from.port)
  }
  await failed.promise
  assert.deepEqual(failures, [null, 9])
})

test('changes that come together are told as one, the last', async () => {
  const { port, next, socket } = await secondary()
  const serials: number[] = []
  const last = Promise.withResolvers<void>()
  const made = notifier(port, { heard: (_peer, serial) => { serials.push(serial); if (serial === 50) last.resolve() } })
  for (let serial = 1; serial <= 50; serial += 1) made.tell({ key: ZONE, serial })
  for (let n = 0; n < 2; n += 1) {
    const [wire, from] = await next()
    socket.send(answer(wire), from.port)
  }
  await last.promise
  assert.deepEqual(serials, [1, 50])
})

test('with a key it is signed, and only a signed answer counts', async () => {
  const { port, next, socket } = await secondary()
  const heard: number[] = []
  const done = Promise.withResolvers<void>()
  notifier(port, { key: KEY, waits: Array.from({ length: 100 }, () => 100), heard: (_peer, serial) => { heard.push(serial); done.resolve() } }).tell({ key: ZONE, serial: 8 })
  const [wire, from] = await next()
  const query = Buffer.from(wire)
  const parsed = parse(query)
  assert.ok(parsed.kind === 'error' && parsed.tsig !== null)
  const signing = new Keys([KEY]).check(query, parsed.tsig)
  assert.equal(signing.holder, KEY.name)
  socket.send(answer(wire), from.port)
  socket.send(Signing.question(KEY).sign(answer(wire)), from.port)
  await next()
  assert.deepEqual(heard, [])
  socket.send(signing.sign(answer(wire)), from.port)
  await done.promise
})

test('nothing is sent once it is closed', async () => {
  const { port, next } = await secondary()
  const made = notifier(port, { waits: [1, 1] })
  made.tell({ key: ZONE, serial: 8 })
  made.close()
  notifier(port).tell({ key: keyOf('other'), serial: 9 })
  assert.equal((await next())[0].subarray(12, 19).toString('hex'), '056f74686572' + '00')
})
