// @ts-nocheck: the package has no types.
// A WebSocket server that sends back what it gets: the upstream of bench/websocket.ts. Argument: port.
import { WebSocketServer } from 'ws'

new WebSocketServer({ port: Number(process.argv[2]), perMessageDeflate: false }).on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
