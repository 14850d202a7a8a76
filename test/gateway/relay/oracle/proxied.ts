// The second opinion: the same octets given to http-proxy in front of node:http, and what arrives behind it. Used by fuzz-requests.test.ts.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { proxyTo } from './httpproxy.mjs'
import { pairs } from './judge.ts'
import type { Arrival } from './recorder.ts'

type Got = { method: string; target: string; host: string; body: string }

export class Proxied {
  private got: Got[] = []
  private readonly port: number
  readonly close: () => void

  constructor(port: number, close: () => void) {
    this.port = port
    this.close = close
  }

  took(got: Got): void { this.got.push(got) }

  /** Where something arrived through both, and differs. A Trailer field without chunked coding would end http-proxy's process. */
  async differs(text: string, arrivals: Arrival[]): Promise<string | null> {
    if (/trailer/i.test(text)) return null
    this.got = []
    await pour(this.port, text)
    for (const { sent } of arrivals) {
      const got = this.got.find(({ target }) => target === sent.target)
      if (got === undefined || isKnown(sent.method, sent.fields)) continue
      // Upper or lower case: ours takes an absolute target at its word, http-proxy the Host beside it; both are the same host.
      const host = sent.fields.find(([name]) => name === 'host')?.[1]
      if (got.method !== sent.method || got.host.toLowerCase() !== host?.toLowerCase() || got.body !== sent.body) return `through http-proxy it is ${JSON.stringify(got)}, through the relay ${JSON.stringify(sent)}`
    }
    return null
  }
}

/** http-proxy 1.18 forwards a DELETE or OPTIONS with a chunked body as one without, and the body behind it. */
function isKnown(method: string, fields: [string, string][]): boolean {
  return (method === 'DELETE' || method === 'OPTIONS') && fields.some(([name]) => name === 'transfer-encoding')
}

function pour(port: number, text: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).on('data', () => {}).on('end', () => socket.end()).on('close', () => resolve())
    socket.end(text, 'latin1')
  })
}

export async function secondOpinion(): Promise<Proxied> {
  const behind = createServer((message, response) => { collect(message, got => { proxied.took(got); response.end('ok') }) })
  behind.listen(0, '127.0.0.1')
  await once(behind, 'listening')
  const front = createServer({ insecureHTTPParser: false, shouldUpgradeCallback: () => false }, proxyTo((behind.address() as AddressInfo).port))
  front.on('clientError', (_error, socket) => socket.destroy())
  behind.on('clientError', (_error, socket) => socket.destroy())
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const close = (): void => { for (const server of [front, behind]) { server.closeAllConnections(); server.close() } }
  const proxied = new Proxied((front.address() as AddressInfo).port, close)
  return proxied
}

function collect(message: IncomingMessage, then: (got: Got) => void): void {
  let body = ''
  message.setEncoding('latin1').on('error', () => {}).on('data', (chunk: string) => { body += chunk })
  message.on('end', () => then({ method: message.method ?? '', target: message.url ?? '', host: pairs(message.rawHeaders).find(([name]) => name === 'host')?.[1] ?? '', body }))
}
