// The forms of a site's page: upload, restore, wake, sleep, restart, roll back, switches, delete; settings that are typed are in settings.ts.
// Each redirects back to its section, or shows that with the error.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { AubergeError, type ErrorCode } from '../../../../wire/error.ts'
import type { App } from '../../app.ts'
import { mostOf, restore } from '../../api/backup.ts'
import { deploy } from '../../api/content.ts'
import { openTools } from '../../api/tools.ts'
import { caller, siteName } from '../../gate.ts'
import { speaker } from '../../language/pick.ts'
import { MAX_BACKUP, MAX_UPLOAD, type Room } from '../../parts.ts'
import { errorsOf, field, type Views } from '../views.ts'
import type { Section } from './section.ts'
import { BACKUP, DATABASE, SETTINGS } from './sections.ts'
import { cameFrom, placeOf, showSite } from './show.ts'

type Act = (request: FastifyRequest, name: string) => Promise<unknown>
type Fields = Partial<Record<ErrorCode, string>>
/** `section`: where it is; one that is on every page has none. `most`: bytes of a body that may have more than a form's. `fields`: where errors are shown that aren't shown above. */
export type FormPlace = { section?: Section; most?: number | ((request: FastifyRequest) => number); fields?: Fields }

const AT_BACKUP: Fields = { bad_archive: 'backup-file', too_large: 'backup-file', unsupported_type: 'backup-file', invalid: 'backup-file', not_found: 'backup-file', bad_request: 'backup-file' }

export function addSiteForms(app: App, room: Room, views: Views): void {
  const { desk } = room
  const form = (path: string, done: string, act: Act, place: FormPlace = {}) => addForm(app, room, views, path, done, act, place)

  form('content', 'deployed', async request => deploy(room, request, await upload(request, MAX_UPLOAD)), { most: MAX_UPLOAD })
  form('restore', 'restored', async (request, name) => restore(room, request, await upload(request, mostOf(room, name))), { section: BACKUP, most: request => mostOf(room, siteName(request)), fields: AT_BACKUP })
  form('wake', 'woken', (request, name) => desk.wake(caller(request), name))
  form('sleep', 'slept', (request, name) => desk.sleep(caller(request), name))
  form('restart', 'restarted', (request, name) => desk.restart(caller(request), name))
  form('database', 'rotated', (request, name) => desk.rotateDatabase(caller(request), name), { section: DATABASE })
  form('robots', 'robots', (request, name) => desk.updateSite(caller(request), name, { wakeForRobots: field(request, 'wake') === 'on' }), { section: SETTINGS })
  form('egress', 'egress', (request, name) => desk.updateSite(caller(request), name, { egress: field(request, 'internet') === 'on' ? 'internet' : 'none' }), { section: SETTINGS })
  form('rollback', 'rolled_back', (request, name) => desk.rollback(caller(request), name, field(request, 'release')))
  app.post('/sites/:name/tools', { config: { access: 'owner' } }, (request, reply) => open(room, views, request, reply))
  app.post('/sites/:name/delete', { config: { access: 'owner' } }, (request, reply) => remove(room, views, request, reply))
}

/** A form at `/sites/NAME/PATH`; `done` names the sentence shown afterwards. */
export function addForm(app: App, room: Room, views: Views, path: string, done: string, act: Act, place: FormPlace = {}): void {
  const { most } = place
  app.post(`/sites/:name/${path}`, { config: { access: 'owner', ...(most === undefined ? {} : { most }) }, ...(most === undefined ? {} : { bodyLimit: MAX_BACKUP }) },
    (request, reply) => answer(room, views, request, reply, done, act, place))
}

async function answer(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, done: string, act: Act, { section = cameFrom(request), fields = {} }: FormPlace): Promise<FastifyReply> {
  const name = siteName(request)
  try {
    await act(request, name)
  } catch (error) {
    return showSite(room, views, request, reply, section, { errors: errorsOf(error, request, reply, fields), values: request.body ?? {} })
  }
  return reply.redirect(`${placeOf(name, section)}?done=${done}`, 303)
}

/** The file of a form; who reads it sees when it has more than `most` bytes. */
async function upload(request: FastifyRequest, most: number): Promise<Readable> {
  const part = await request.file({ limits: { fileSize: most + 1 } })
  if (part === undefined) throw new AubergeError('bad_archive', 'Choose a file first.')
  return part.file
}

async function remove(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const name = siteName(request)
  if (field(request, 'confirm').trim() !== name) {
    const errors = { confirm: speaker(request.language)('delete_mismatch') }
    return showSite(room, views, request, reply.code(422), SETTINGS, { errors })
  }
  await room.desk.deleteSite(caller(request), name)
  return reply.redirect('/sites?done=deleted', 303)
}

/** A page that goes on to another origin: a form of ours may not be redirected there (form-action of our policy). */
async function open(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  try {
    return views.show(request, reply, 'site/opening', { refresh: await openTools(room, request) })
  } catch (error) {
    return showSite(room, views, request, reply, DATABASE, { errors: errorsOf(error, request, reply) })
  }
}
