// @ts-nocheck: the package has no types.
// WebSocket clients, each with one message under way at any time. Arguments: port, connections, bytes a message, seconds. Prints the number of messages echoed. Run by bench/websocket.ts.
import { once } from 'node:events'
import { WebSocket } from 'ws'

const [port = 0, connections = 0, size = 0, seconds = 0] = process.argv.slice(2).map(Number)
const message = Buffer.alloc(size, 120)
let echoed = 0
const sockets = await Promise.all(Array.from({ length: connections }, async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { Host: 'bench.test' }, perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}))
for (const socket of sockets) {
  socket.on('message', data => {
    if (data.length !== size) throw new Error(`${data.length} bytes came back`)
    echoed++
    socket.send(message)
  })
  socket.on('close', () => { throw new Error('a connection was closed') })
  socket.send(message)
}
setTimeout(() => { console.log(echoed); process.exit(0) }, seconds * 1000)
