// DNS over TCP (RFC 7766): messages with a length in front, any number in a row. Called by main.ts for each inherited socket.
import { createServer, type Server, type Socket } from 'node:net'
import type { Responder } from './respond.ts'
import { writeAddress } from './address.ts'

/** Connections in all and of one sender (an IPv4 address or an IPv6 /64); milliseconds without a whole query. */
export type TcpLimits = { clients: number; perSender: number; idle: number }
export const TCP_LIMITS: TcpLimits = { clients: 500, perSender: 20, idle: 10_000 }

/** Bytes of a query: one question, EDNS with padding and a signature are well below. */
const LARGEST = 4096

/** Bytes of answers a client may leave unread before its next queries wait. */
const UNREAD = 2 ** 18

/** Serves the listening TCP socket number `fd` (or, for tests, a port); resolves with its close, which lets answers under way finish. */
export async function serveTcp(
  listen: { fd: number } | { port: number; host: string }, responder: Responder, limits = TCP_LIMITS,
): Promise<{ server: Server; close: () => Promise<void> }> {
  const clients = new Clients(limits)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    if (clients.admit(socket)) converse(socket, responder, clients)
    else socket.destroy()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen, () => { server.off('error', reject); resolve() }))
  // An accept that fails (no descriptors left) leaves the others served.
  server.on('error', () => undefined)
  const close = (): Promise<void> => new Promise(resolve => { server.close(() => resolve()); clients.end() })
  return { server, close }
}

function converse(socket: Socket, responder: Responder, clients: Clients): void {
  const address = socket.remoteAddress ?? ''
  let held: Buffer = Buffer.alloc(0)
  let reading: 'open' | 'ended' = 'open'
  const serve = (): void => {
    held = answerAll(socket, held, responder, address, clients)
    if (socket.writableLength > UNREAD) socket.pause()
    else if (reading === 'ended') socket.end()
  }
  socket.on('data', (chunk: Buffer) => { held = held.length === 0 ? chunk : Buffer.concat([held, chunk]); serve() })
  socket.on('drain', () => { socket.resume(); serve() })
  // Half-closed clients (RFC 7766 section 6.2.4 lets them) get what they asked for.
  socket.on('end', () => { reading = 'ended'; serve() })
  socket.on('error', () => socket.destroy())
}

/** Answers the whole messages in `bytes` and returns the rest. Stops early while the client reads too slowly. */
function answerAll(socket: Socket, bytes: Buffer, responder: Responder, address: string, clients: Clients): Buffer {
  let at = 0
  socket.cork()
  while (at + 2 <= bytes.length && socket.writableLength <= UNREAD) {
    const length = bytes.readUInt16BE(at)
    const end = at + 2 + length
    if (length <= LARGEST && end > bytes.length) break
    if (length > LARGEST || !answerOne(socket, bytes.subarray(at + 2, end), responder, address)) { socket.destroy(); break }
    clients.used(socket)
    at = end
  }
  socket.uncork()
  // A copy: a few bytes must not keep the whole chunk that they came in.
  return Buffer.from(bytes.subarray(at))
}

/** False for a message that is no query: a client that sends such is not worth its connection. */
function answerOne(socket: Socket, wire: Buffer, responder: Responder, address: string): boolean {
  const answer = responder.answer(wire, address, 'tcp')
  if (answer === null) return false
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(answer.length)
  socket.write(length)
  socket.write(answer)
  return true
}

/** Who is connected, the one that was idle longest first. */
class Clients {
  readonly #limits: TcpLimits
  readonly #open = new Map<Socket, NodeJS.Timeout>()
  readonly #perSender = new Map<string, number>()

  constructor(limits: TcpLimits) { this.#limits = limits }

  /** Takes a new client; false beyond its sender's share. Beyond the limit for all, the longest idle one goes. */
  admit(socket: Socket): boolean {
    const sender = senderOf(socket)
    const open = this.#perSender.get(sender) ?? 0
    if (open >= this.#limits.perSender) return false
    if (this.#open.size >= this.#limits.clients) this.#open.keys().next().value?.destroy()
    this.#perSender.set(sender, open + 1)
    this.#open.set(socket, setTimeout(() => socket.destroy(), this.#limits.idle))
    socket.once('close', () => this.#gone(socket, sender))
    return true
  }

  /** A whole query came: bytes alone don't prolong a connection. */
  used(socket: Socket): void {
    const timer = this.#open.get(socket)
    if (timer === undefined) return
    timer.refresh()
    this.#open.delete(socket)
    this.#open.set(socket, timer)
  }

  /** Half-closes all, so that what was written arrives, and cuts off who stays for a second. */
  end(): void {
    for (const [socket, timer] of this.#open) {
      clearTimeout(timer)
      socket.end()
      this.#open.set(socket, setTimeout(() => socket.destroy(), 1000))
    }
  }

  #gone(socket: Socket, sender: string): void {
    clearTimeout(this.#open.get(socket))
    this.#open.delete(socket)
    const left = (this.#perSender.get(sender) ?? 1) - 1
    if (left === 0) this.#perSender.delete(sender)
    else this.#perSender.set(sender, left)
  }
}

function senderOf(socket: Socket): string {
  const bytes = Buffer.alloc(16)
  const length = writeAddress(socket.remoteAddress ?? '', bytes)
  return bytes.toString('hex', 0, length === 4 ? 4 : 8)
}
