// How long until a page is there, whole: one request that is held, or one after the other until somebody answers. Used by bench/wake.ts.
import { connect } from 'node:net'

/** The page every contestant serves. */
export const PAGE = '<?php echo "awake on PHP ", PHP_MAJOR_VERSION;'
const EXPECTED = /^HTTP\/1\.[01] 200 [^]*awake on PHP 8$/

/** Milliseconds between two tries, as the provisioner's own probe has. */
const INTERVAL = 2
/** Milliseconds after which a try that isn't even connected is given up: sent before the network was there, it would be repeated a second later. */
const CONNECTED = 20
/** Milliseconds after which a contestant is given up. */
const PATIENCE = 30_000

export type Target = { address: string; port: number; host: string }

/** Milliseconds from `begun` to the last byte of the page, asked for again and again. */
export async function polled(target: Target, begun = performance.now()): Promise<number> {
  for (;;) {
    if (EXPECTED.test(await asked(target))) return performance.now() - begun
    if (performance.now() - begun > PATIENCE) throw new Error(`no page at ${target.address} in ${PATIENCE / 1000} s`)
    await new Promise(resolve => setTimeout(resolve, INTERVAL))
  }
}

/** Milliseconds that one request took to its last byte. Throws where the page isn't the answer. */
export async function once(target: Target): Promise<number> {
  const begun = performance.now()
  const answer = await asked(target)
  const ms = performance.now() - begun
  if (!EXPECTED.test(answer)) throw new Error(`not the page: ${answer.slice(0, 300)}`)
  return ms
}

/** All that comes; nothing where nobody listens. */
function asked({ address, port, host }: Target): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, noDelay: true })
    let text = ''
    socket.setEncoding('latin1').setTimeout(PATIENCE, () => socket.destroy())
    const early = setTimeout(() => socket.destroy(), CONNECTED)
    socket.on('connect', () => {
      clearTimeout(early)
      socket.write(`GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    })
    socket.on('data', (chunk: string) => { text += chunk })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(early)
      resolve(text)
    })
  })
}
