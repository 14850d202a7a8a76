// The unix sockets on which control listens for relays and for DNS. Called by push.ts and zone.ts.
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'

export type Door = { close(): Promise<void> }

/**
 * Listens on `path` with mode 0660; the directory says who may come that far. A stale socket of a control that was killed is replaced.
 * `close` ends every connection.
 */
export async function openDoor(path: string, welcome: (socket: Socket) => void): Promise<Door> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  await rm(path, { force: true })
  const guests = new Set<Socket>()
  const server = createServer(socket => {
    guests.add(socket)
    socket.on('close', () => guests.delete(socket))
    socket.on('error', () => {})
    welcome(socket)
  })
  await listen(server, path)
  await chmod(path, 0o660)
  return { close: () => close(server, guests) }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server, guests: Set<Socket>): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    for (const guest of guests) guest.destroy()
  })
}
