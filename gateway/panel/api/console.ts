// GET /api/sites/NAME/console as a WebSocket: a root shell in the site for the console on its page. Binary messages are what is typed and shown;
// texts are JSON: {type:"size",columns,rows} from the page, {type:"end",status} to it.
import { Type } from '@fastify/type-provider-typebox'
import { WebSocketServer } from 'ws'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import { isSuspended, leaving } from '../leaving.ts'
import type { Room } from '../parts.ts'
import { switched } from '../shapes/shape.ts'
import { joinTerminal } from '../terminal.ts'
import { isUpgrade, takeSocket } from '../upgrade.ts'

const Named = Type.Object({ name: Type.String() })
const Size = Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,2}$' }))
const Sizes = Type.Object({ columns: Size, rows: Size })

/** A login shell: bash where the image has it. */
const SHELL = ['sh', '-c', 'cd /var/www; if command -v bash >/dev/null; then exec bash -l; fi; exec sh -l']
/** Bytes of one message of a page: a paste comes in several. */
const MAX_MESSAGE = 256 * 2 ** 10

export function addConsole(app: App, room: Room): void {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_MESSAGE })
  app.route({
    method: 'GET', url: '/api/sites/:name/console', exposeHeadRoute: false,
    config: { access: 'owner', changes: true, errors: ['conflict'] },
    schema: { summary: 'A root shell in the site, as a WebSocket', params: Named, querystring: Sizes, response: { 101: switched } },
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
