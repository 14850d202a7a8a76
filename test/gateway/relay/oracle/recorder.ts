// A backend that keeps every octet it gets, connection by connection, reads them as canonical.ts says, and answers each request with what it saw.
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { next, all, type Sent } from './canonical.ts'

/** A whole request at one of the backends, in the order in which they came: as read, as it came, where, and for which visitor. */
export type Arrival = { sent: Sent; octets: string; backend: string; address: string }

export class Recorder {
  readonly arrivals: Arrival[] = []
  /** What was not canonical, with the octets. */
  readonly faults: string[] = []
  private readonly sockets = new Set<Socket>()

  /** Hands out what has arrived since the last time. */
  take(): Arrival[] { return this.arrivals.splice(0) }

  /** Opens one backend; returns its port. */
  async open(name: string): Promise<{ port: number; close: () => void }> {
    const server = createServer({ noDelay: true }, socket => this.listen(name, socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => { for (const socket of this.sockets) socket.destroy(); server.close() } }
  }

  private listen(name: string, socket: Socket): void {
    let held = ''
    this.sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      held += chunk
      for (;;) {
        const found = next(held, 0)
        if (found === 'more') return
        if ('fault' in found) return this.fault(found.fault, held, socket)
        this.arrive(found.sent, held.slice(0, found.end), name, socket)
        held = held.slice(found.end)
      }
    })
  }

  private fault(what: string, text: string, socket: Socket): void {
    this.faults.push(`${what} in ${JSON.stringify(text)}`)
    socket.destroy()
  }

  private arrive(sent: Sent, octets: string, backend: string, socket: Socket): void {
    this.arrivals.push({ sent, octets, backend, address: all(sent, 'x-forwarded-for')[0] ?? '' })
    const body = `${backend} ${sent.method} ${sent.target}`
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nX-Seen: ${body}\r\n\r\n${sent.method === 'HEAD' ? '' : body}`, 'latin1')
  }
}
