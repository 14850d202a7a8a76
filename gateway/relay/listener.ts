// Accepts visitors on a listening socket and gives each a channel with our read buffers. Used by relay.ts; a TLS front uses `welcome` alone.
import { createServer, Socket, type Server, type ListenOptions } from 'node:net'
import { once } from 'node:events'
import { Channel, type OnRead } from './channel.ts'

/** What accepting hands out: a way to open the accepted socket around a read callback, or else to take its handle, with what was read already; null where it is closed. `local`: which of our addresses it came to, '' where that is a proxy's. */
export type Accepted = { open: (onread: OnRead | undefined) => Socket; take: () => Taken | null; address: string; local: string; port: number }
export type Taken = { handle: Handle; begun: Buffer | null }

/** The parts of Node's connection handles used here and by TLS. `onread` gets nothing at the end and for an error. */
export type Handle = {
  onread: (bytes: ArrayBuffer | undefined) => void
  reading: boolean
  readStart(): number
  readStop(): number
  setNoDelay(on: boolean): number
  getpeername(out: { address?: string }): number
  getsockname(out: { address?: string; port?: number }): number
  close(done?: () => void): void
  /** An error's number where it can't be done. */
  reset(done?: () => void): number
}
type ServerHandle = { onconnection: (failure: number | undefined, handle: Handle | undefined) => void }

/**
 * Listens on an inherited descriptor or, in tests, on a port. Node's own server would allocate a read buffer for every read;
 * so the accepted handle is wrapped by ourselves, where the server lets us, and taken from its socket otherwise.
 */
export async function listen(where: ListenOptions | { fd: number }, accept: (accepted: Accepted) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, socket => accept(fromSocket(socket)))
  server.listen(where)
  await once(server, 'listening')
  const handle = (server as unknown as { _handle: Partial<ServerHandle> | null })._handle
  if (typeof handle?.onconnection === 'function') handle.onconnection = (failure, accepted) => {
    if (!failure && accepted !== undefined) accept(fromHandle(accepted))
  }
  return server
}

function fromHandle(handle: Handle): Accepted {
  const peer: { address?: string } = {}
  const own: { address?: string; port?: number } = {}
  handle.getpeername(peer)
  handle.getsockname(own)
  const take = (): Taken => ({ handle, begun: null })
  return { open: onread => socketOn(handle, onread), take, address: peer.address ?? '', local: own.address ?? '', port: own.port ?? 0 }
}

/** A socket on a bare handle. */
export function socketOn(handle: Handle, onread?: OnRead): Socket {
  const options: unknown = { handle, allowHalfOpen: true, onread }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  socket.setNoDelay(true)
  return socket
}

/** For a socket that is there already (another Node, or one whose first bytes were read): its data events are passed on as reads. */
export function fromSocket(socket: Socket): Accepted {
  const open = (onread: OnRead | undefined): Socket => {
    if (onread !== undefined) socket.on('data', (bytes: Buffer) => onread.callback(bytes.length, bytes))
    socket.setNoDelay(true)
    return socket
  }
  return { open, take: () => takenFrom(socket), address: socket.remoteAddress ?? '', local: socket.localAddress ?? '', port: socket.localPort ?? 0 }
}

/** The handle out of a paused socket, which is closed without it, and what the socket still held. */
function takenFrom(socket: Socket): Taken | null {
  const begun = socket.read() as Buffer | null
  const own = socket as unknown as { _handle: Handle | null }
  const handle = own._handle
  own._handle = null
  socket.destroy()
  if (handle === null) return null
  handle.readStop()
  handle.reading = false
  return { handle, begun }
}

/** The accepted socket as it is, for whoever wraps it. */
export function plain(accepted: Accepted): Socket { return accepted.open(undefined) }

const CROWDED = 'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\nCache-Control: no-store\r\nContent-Length: 52\r\nConnection: close\r\n\r\nToo many connections. Please try again in a moment.\n'

/** Refuses a connection at once, at the cost of one write. */
export function turnAway(accepted: Accepted): void {
  const nothing = { received() {}, ended() {}, drained() {}, closed() {} }
  const channel = new Channel(nothing, accepted.open)
  channel.put(CROWDED)
  channel.end()
  channel.socket.destroySoon()
}
