// An upstream on a thread of its own, for early-answers.test.ts: it reads of each connection what it is told to, says what it is told to say, and ends.
// Told { answer, ending } by the main thread, which stands still until `over` is set. It says its port, and then 'asked' for each connection whose first bytes have come.
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** reset: at once, as the kernel does where some of what came is unread. ended: a proper end before it. */
export type Farewell = { answer: string; ending: 'reset' | 'ended' }
export type Shared = { over: Int32Array }

const { over } = workerData as Shared
let last: Socket
const server = createServer({ allowHalfOpen: true }, socket => {
  last = socket.on('error', () => {})
  socket.once('data', () => { socket.pause(); parentPort?.postMessage('asked') })
}).listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))

parentPort?.on('message', ({ answer, ending }: Farewell) => {
  last.once('close', () => { Atomics.store(over, 0, 1); Atomics.notify(over, 0) })
  if (ending === 'reset') last.write(answer, 'latin1', () => last.resetAndDestroy())
  else last.end(answer, 'latin1', () => last.resetAndDestroy())
})
