// What an engine's test proves its names with: our name server, in which every name of `auberge.test` is 127.0.0.1, and an HTTP server that answers HTTP-01.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Solver } from '../../../../gateway/certificates/acme/challenge.ts'
import type { NameRecords } from '../../../../registry/types.ts'
import type { Cleaner } from '../../../helpers/temporary.ts'
import { boundUdp, dataDirectory, sampleZone, startNameServer } from '../../../dns/nameserver.ts'

export const HERE: NameRecords = { a: ['127.0.0.1'], aaaa: [] }

/** The address of a name server that answers for `auberge.test`, whose labels are `labels`. */
export async function nameServer(t: Cleaner, labels: string[]): Promise<string> {
  const { data, remove } = dataDirectory(sampleZone({ zone: 'auberge.test', apex: HERE, names: Object.fromEntries(labels.map(label => [label, HERE])) }))
  const socket = await boundUdp()
  const server = startNameServer(data, 'auberge.test', socket.fd, null)
  t.after(async () => {
    server.child.kill('SIGKILL')
    await server.exit
    socket.close()
    remove()
  })
  await server.ready
  return `127.0.0.1:${socket.port}`
}

/** Answers HTTP-01 on a port of its own. `shown`: what it answers now, by token. */
export class Web {
  readonly shown = new Map<string, string>()
  /** How often what was asked to be shown. */
  presented = 0
  /** Answers with this instead where it is set. */
  wrong: string | null = null
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => {
      const found = this.shown.get(request.url?.replace('/.well-known/acme-challenge/', '') ?? '')
      response.writeHead(found === undefined ? 404 : 200).end(this.wrong ?? found)
    })
  }

  /** As a test finds it that is the only one. */
  reset(): this {
    this.shown.clear()
    return Object.assign(this, { presented: 0, wrong: null })
  }

  static async start(t: Cleaner, port = 0): Promise<Web> {
    const server = createServer().listen(port, '127.0.0.1')
    t.after(() => { server.close(); server.closeAllConnections() })
    await once(server, 'listening')
    return new Web(server)
  }

  get port(): number { return (this.#server.address() as AddressInfo).port }

  get solver(): Solver {
    return {
      type: 'http-01',
      present: async ({ token, keyAuthorization }) => { this.presented++; this.shown.set(token, keyAuthorization) },
      cleanup: async ({ token }) => { this.shown.delete(token) },
    }
  }
}
