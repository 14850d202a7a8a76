// One UDP socket that answers. Called by main.ts for each inherited socket.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { Batch, MANY, type Answer } from './batch.ts'
import { AubergeError } from '../wire/error.ts'
import type { Responder } from './respond.ts'

/** Bytes of queries that may wait for us. */
const WAITING = 2 ** 22

/** Batches of messages that are answered one after another before others have their turn. */
const TURNS = 8

/** Serves the bound UDP socket number `fd`, of the family of `address`; resolves with its close. Nothing is in flight between two messages. */
export async function serveUdp(fd: number, family: 4 | 6, responder: Responder): Promise<() => Promise<void>> {
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', lookup: asItIs })
  const batch = new Batch(fd, family)
  const answer: Answer = (wire, address) => responder.answer(wire, address, 'udp')
  socket.on('message', (wire: Buffer, from: RemoteInfo) => {
    reply(socket, responder, wire, from)
    for (let turns = 0; turns < TURNS && batch.turn(answer) === MANY;) turns++
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ fd }, () => { socket.off('error', reject); resolve() })
  })
  // A send that fails is one lost answer (the sender's network is gone, a firewall says no): UDP clients ask again.
  socket.on('error', () => undefined)
  checkFamily(socket, fd, family)
  // Queries that come while a large zone is parsed wait in the kernel, which gives as much of this as net.core.rmem_max allows.
  socket.setRecvBufferSize(WAITING)
  return () => new Promise(resolve => socket.close(() => resolve()))
}

function reply(socket: Socket, responder: Responder, wire: Buffer, from: RemoteInfo): void {
  // Nobody can be answered at port 0.
  if (from.port === 0) return
  const answer = responder.answer(wire, from.address, 'udp')
  // No callback: an answer that can't be sent is dropped by node:dgram, and each one sent costs half a microsecond less.
  if (answer !== null) socket.send(answer, 0, answer.length, from.port, from.address)
}

/** The address came from the kernel: there is nothing to look up, and no turn of the event loop to wait for. */
function asItIs(address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, address.includes(':') ? 6 : 4)
}

function checkFamily(socket: Socket, fd: number, family: 4 | 6): void {
  const actual = socket.address().family
  if (actual === `IPv${family}`) return
  socket.close()
  throw new AubergeError('failed', `UDP socket ${fd} is ${actual}, not IPv${family}: give the DNS sockets in the order of the house's addresses`)
}
