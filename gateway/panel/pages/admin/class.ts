// `/admin/class`: a list of names becomes accounts; the sheet with their passwords is this answer, to be printed, and is kept nowhere.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import { takeIn } from '../../api/class.ts'
import { decode, MOST_PEOPLE, readClass } from '../../class.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { errorsOf, type Data, type Views } from '../views.ts'
import { ADMIN, showAdmin } from './show.ts'

/** Bytes of a list. */
const LONGEST = 256 * 2 ** 10

export function addAdminClass(app: App, room: Room, views: Views): void {
  const show = (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => showAdmin(room, views, request, reply, 'class', { most: MOST_PEOPLE, ...data })
  app.get('/admin/class', ADMIN, (request, reply) => show(request, reply))
  app.post('/admin/class', { ...ADMIN, bodyLimit: LONGEST, config: { ...ADMIN.config, most: LONGEST } }, async (request, reply) => {
    const list = await listOf(request)
    try {
      const people = await takeIn(room, caller(request), readClass(list))
      return showAdmin(room, views, request, reply, 'sheet', { people, origin: `${request.protocol}://${request.host}`, scripts: ['print.js'] })
    } catch (error) {
      return show(request, reply, { errors: errorsOf(error, request, reply, { invalid: 'list', too_large: 'list', username_taken: 'list' }), values: { list } })
    }
  })
}

/** What was typed, or the file that was chosen. */
async function listOf(request: FastifyRequest): Promise<string> {
  let typed = ''
  for await (const part of request.parts({ limits: { fileSize: LONGEST, fieldSize: LONGEST } })) {
    if (part.type === 'field') typed = part.fieldname === 'list' ? String(part.value) : typed
    else {
      const bytes = await part.toBuffer()
      if (bytes.length > 0) typed = `${typed}\n${decode(bytes)}`
    }
  }
  return typed.trim()
}
