// GET /api/sites/NAME/console as a WebSocket: a root shell in the site for the console on its page. Binary messages are what is typed and shown;
// texts are JSON: {type:"size",columns,rows} from the page, {type:"end",status} to it.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { WebSocketServer } from 'ws'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { caller, siteName, stillMay } from '../gate.ts'
import type { Room } from '../parts.ts'
import { joinTerminal } from '../terminal.ts'
import { isUpgrade, takeSocket } from '../upgrade.ts'

const Named = Type.Object({ name: Type.String() })
const Size = Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,2}$' }))
const Sizes = Type.Object({ columns: Size, rows: Size })

/** A login shell: bash where the image has it. */
const SHELL = ['sh', '-c', 'cd /var/www; if command -v bash >/dev/null; then exec bash -l; fi; exec sh -l']
/** Bytes of one message of a page: a paste comes in several. */
const MAX_MESSAGE = 256 * 2 ** 10
/** Milliseconds between two looks at whether the person may still be there. */
const LOOK = 2_000

export function addConsole(app: App, room: Room): void {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_MESSAGE })
  app.route({
    method: 'GET', url: '/api/sites/:name/console', exposeHeadRoute: false,
    config: { access: 'owner', changes: true },
    schema: { summary: 'A root shell in the site, as a WebSocket', params: Named, querystring: Sizes },
    handler: async (request, reply) => {
      if (!isUpgrade(request) || request.headers.upgrade?.toLowerCase() !== 'websocket') throw new AubergeError('bad_request', 'This is a WebSocket.')
      const name = siteName(request)
      if (await isSuspended(room, name)) throw new AubergeError('conflict', 'The site is suspended.')
      const { columns = '80', rows = '24' } = request.query
      const running = await room.desk.exec(caller(request), name, { command: SHELL, tty: true, columns: Number(columns), rows: Number(rows) })
      const { socket, head } = takeSocket(request, reply)
      running.once('error', () => socket.destroy())
      sockets.handleUpgrade(request.raw, socket, head, terminal => joinTerminal(terminal, running, leaving(room, request, name)))
      // Whoever left meanwhile, or whose handshake was refused, will read nothing of what runs.
      if (socket.destroyed) running.destroy()
      else socket.once('close', () => running.destroy())
    },
  })
}

async function isSuspended(room: Room, name: string): Promise<boolean> {
  return (await room.desk.view(name)).state === 'suspended'
}

/** Calls `end` once the session is revoked, the account or the site suspended, the site gone, or the panel closes; returns what stops looking. */
function leaving(room: Room, request: FastifyRequest, name: string): (end: (why: string) => void) => () => void {
  return end => {
    const stop = new AbortController()
    const look = async (): Promise<void> => {
      if (!stillMay(room, request) || isLocked(room, request) || await isSuspended(room, name)) end('revoked')
    }
    const timer = setInterval(() => void look().catch(() => end('revoked')), LOOK)
    const closing = (): void => end('closing')
    room.closing.addEventListener('abort', closing, { once: true, signal: stop.signal })
    return () => { clearInterval(timer); stop.abort() }
  }
}

function isLocked(room: Room, { who }: FastifyRequest): boolean {
  return who !== null && who.id !== 0 && room.registry.accounts.get(who.id)?.suspended !== null
}
