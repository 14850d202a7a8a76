// POST /api/sites/NAME/exec with an Upgrade: a command as the site's root. Used by `auberge site exec`.
import { Type } from '@fastify/type-provider-typebox'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import { leaving } from '../leaving.ts'
import type { Room } from '../parts.ts'
import { switched } from '../shapes/shape.ts'
import { isUpgrade, switchTo } from '../upgrade.ts'

const Named = Type.Object({ name: Type.String() })
const Size = Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' }))
const Argument = Type.String({ maxLength: 32_768 })
const Command = Type.Object({
  command: Type.Union([Argument, Type.Array(Argument, { minItems: 1, maxItems: 1000 })]),
  tty: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])),
  columns: Size,
  rows: Size,
})

export function addExec(app: App, room: Room): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/sites/:name/exec',
    exposeHeadRoute: false,
    config: { access: 'owner', changes: true, errors: ['conflict'] },
    schema: { summary: 'Run a command in the site; needs Upgrade: auberge-exec', params: Named, querystring: Command, response: { 101: switched } },
    handler: async (request, reply) => {
      if (!isUpgrade(request)) throw new AubergeError('bad_request', 'Send Connection: Upgrade and Upgrade: auberge-exec.')
      const { command, tty, columns, rows } = request.query
      const running = await room.desk.exec(caller(request), siteName(request), {
        command: [command].flat(), tty: tty === '1',
        ...(columns === undefined ? {} : { columns: Number(columns) }), ...(rows === undefined ? {} : { rows: Number(rows) }),
      })
      running.once('close', leaving(room, request, null)(() => running.destroy()))
      switchTo('auberge-exec', request, reply, running)
    },
  })
}
