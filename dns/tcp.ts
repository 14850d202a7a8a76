// DNS over TCP (RFC 7766): messages with a length in front, any number in a row. Called by main.ts for each inherited socket.
import { createServer, type Server, type Socket } from 'node:net'
import type { Responder } from './respond.ts'
import { writeAddress } from './address.ts'

/** Connections in all and of one sender (an IPv4 address or an IPv6 /64); milliseconds without a whole query. */
export type TcpLimits = { clients: number; perSender: number; idle: number }
export const TCP_LIMITS: TcpLimits = { clients: 500, perSender: 20, idle: 10_000 }

/** Bytes of a query: one question, EDNS with padding and a signature are well below. */
const LARGEST = 4096

/** Bytes of answers a client may leave unread before its next queries wait; no less than one answer may have. */
const UNREAD = 2 ** 16

/** Queries of one client that are answered before everybody else has a turn: well below a millisecond's work. */
const TURN = 20

/** Serves the listening TCP socket number `fd` (or, for tests, a port); resolves with its close, which lets answers under way finish. */
export async function serveTcp(
  listen: { fd: number } | { port: number; host: string }, responder: Responder, limits = TCP_LIMITS,
): Promise<{ server: Server; close: () => Promise<void> }> {
  const clients = new Clients(limits)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    if (clients.admit(socket)) new Conversation(socket, responder, clients)
    else socket.destroy()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen, () => { server.off('error', reject); resolve() }))
  // An accept that fails (no descriptors left) leaves the others served.
  server.on('error', () => undefined)
  const close = (): Promise<void> => new Promise(resolve => { server.close(() => resolve()); clients.end() })
  return { server, close }
}

/** One connection: its queries are answered in order; while a transfer is being sent, those behind it wait. */
class Conversation {
  readonly #socket: Socket
  readonly #responder: Responder
  readonly #clients: Clients
  readonly #address: string
  #held: Buffer = Buffer.alloc(0)
  #reading: 'open' | 'ended' = 'open'
  #transfer: Iterator<Buffer> | null = null
  #step: NodeJS.Immediate | null = null

  constructor(socket: Socket, responder: Responder, clients: Clients) {
    this.#socket = socket
    this.#responder = responder
    this.#clients = clients
    this.#address = socket.remoteAddress ?? ''
    socket.on('data', (chunk: Buffer) => { this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]); this.#serve() })
    socket.on('drain', () => { if (this.#transfer !== null) this.#goOn(); else this.#serve() })
    // Half-closed clients (RFC 7766 section 6.2.4 lets them) get what they asked for.
    socket.on('end', () => { this.#reading = 'ended'; this.#serve() })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => { this.#transfer?.return?.(); this.#transfer = null })
  }

  #serve(): void {
    if (this.#transfer !== null || this.#step !== null || this.#socket.destroyed) return
    const left = this.#answerSome()
    if (this.#transfer !== null) this.#goOn()
    else if (this.#socket.writableLength > UNREAD) this.#socket.pause()
    else if (left === 'more') this.#goOn()
    else if (this.#reading === 'ended') this.#socket.end()
    else this.#socket.resume()
  }

  /** Answers a turn of the whole messages that are there. Stops early while the client reads too slowly, and at a transfer. */
  #answerSome(): 'more' | 'nothing' {
    const bytes = this.#held
    const answers = new Answers()
    let at = 0
    let left: 'more' | 'nothing' = 'nothing'
    while (at + 2 <= bytes.length && this.#transfer === null) {
      const length = bytes.readUInt16BE(at)
      const end = at + 2 + length
      if (length <= LARGEST && end > bytes.length) break
      if (answers.count === TURN || this.#socket.writableLength + answers.bytes > UNREAD) { left = 'more'; break }
      if (length > LARGEST || !this.#answer(bytes.subarray(at + 2, end), answers)) { this.#socket.destroy(); break }
      this.#clients.used(this.#socket)
      at = end
    }
    if (answers.count > 0 && !this.#socket.destroyed) this.#socket.write(answers.joined())
    // A few bytes must not keep the whole chunk that they came in.
    const rest = bytes.subarray(at)
    this.#held = rest.length > LARGEST ? rest : Buffer.from(rest)
    return left
  }

  /** False for a message that is no query: a client that sends such is not worth its connection. */
  #answer(wire: Buffer, answers: Answers): boolean {
    const answer = this.#responder.converse(wire, this.#address)
    if (answer === null) return false
    if (answer instanceof Uint8Array) answers.add(answer)
    else this.#transfer = answer
    return true
  }

  /** Whoever else has something to do first, then one message of the transfer or another turn of queries. */
  #goOn(): void {
    this.#socket.pause()
    this.#step ??= setImmediate(() => { this.#step = null; if (this.#transfer === null) this.#serve(); else this.#sendOne() })
  }

  #sendOne(): void {
    if (this.#transfer === null || this.#socket.writableLength > UNREAD) return
    const { done, value } = this.#transfer.next()
    if (done !== true) {
      this.#clients.used(this.#socket)
      this.#socket.write(framed(value))
      this.#goOn()
    } else {
      this.#transfer = null
      this.#serve()
    }
  }
}

function framed(message: Uint8Array): Buffer {
  const one = new Answers()
  one.add(message)
  return one.joined()
}

/** Messages, each with its length in front, as one buffer: a thousand small ones that wait to be read would hold thirty times their bytes. */
class Answers {
  readonly #parts: Uint8Array[] = []
  count = 0
  bytes = 0

  add(message: Uint8Array): void {
    this.#parts.push(Buffer.from([message.length >> 8, message.length & 255]), message)
    this.count += 1
    this.bytes += 2 + message.length
  }

  joined(): Buffer { return Buffer.concat(this.#parts, this.bytes) }
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
