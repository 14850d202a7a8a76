// Waits until a pod answers HTTP. Called by the wake recipe. A TCP connection isn't enough: the answer must begin as HTTP does.
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const INTERVAL = 2
/** Apache answers this itself, whatever the site's own configuration says; it costs no PHP. */
const QUESTION = 'OPTIONS * HTTP/1.0\r\n\r\n'

export type Answer = 'ready' | 'exited' | 'timeout'

/** Asks `address` every 2 ms until it answers, `running` says no, or `timeout` milliseconds have passed. */
export async function answers(address: string, port: number, running: () => boolean, timeout: number): Promise<Answer> {
  const deadline = performance.now() + timeout
  for (;;) {
    if (await asked(address, port, deadline - performance.now(), running)) return 'ready'
    if (!running()) return 'exited'
    if (performance.now() >= deadline) return 'timeout'
    await delay(INTERVAL)
  }
}

function asked(address: string, port: number, timeout: number, running: () => boolean): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, noDelay: true })
    const watch = setInterval(() => { if (!running()) finish(false) }, 50)
    const timer = setTimeout(() => finish(false), Math.max(1, timeout))
    let head = ''
    const finish = (answered: boolean) => {
      clearInterval(watch)
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(QUESTION))
    socket.on('data', (chunk: string) => {
      head += chunk
      if (head.length >= 12) finish(/^HTTP\/1\.[01] [1-5]\d\d/.test(head))
    })
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
  })
}
