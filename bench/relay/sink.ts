// An upstream that reads a request's body, drops it and answers 204: what uploads are measured against. Argument: port. Run by bulk.ts.
import { createServer, type Socket } from 'node:net'

createServer(socket => { socket.on('error', () => {}); take(socket) }).listen(Number(process.argv[2]))

function take(socket: Socket): void {
  let head = ''
  let left = -1
  socket.on('data', bytes => {
    if (left < 0) {
      head += bytes.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      left = Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? 0) - (head.length - end - 4)
    } else left -= bytes.length
    if (left > 0) return
    head = ''
    left = -1
    socket.write('HTTP/1.1 204 No Content\r\n\r\n')
  })
}
