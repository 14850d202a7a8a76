// The forms of a site's page: upload, wake, sleep, restart, roll back, delete. Each redirects back, or shows the page with the error.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { deploy } from '../api/content.ts'
import { caller, siteName } from '../gate.ts'
import { speaker } from '../language/pick.ts'
import { MAX_UPLOAD, type Room } from '../parts.ts'
import { errorsOf, field, type Views } from './views.ts'
import { showSite } from './site.ts'

type Act = (request: FastifyRequest, name: string) => Promise<unknown>

export function addSiteForms(app: App, room: Room, views: Views): void {
  const { desk } = room
  const form = (path: string, done: string, act: Act) =>
    app.post(`/sites/:name/${path}`, { config: { access: 'owner', upload: path === 'content' }, ...(path === 'content' ? { bodyLimit: MAX_UPLOAD } : {}) },
      (request, reply) => answer(room, views, request, reply, done, act))

  form('content', 'deployed', (request, name) => upload(room, request, name))
  form('wake', 'woken', (request, name) => desk.wake(caller(request), name))
  form('sleep', 'slept', (request, name) => desk.sleep(caller(request), name))
  form('restart', 'restarted', (request, name) => desk.restart(caller(request), name))
  form('robots', 'robots', (request, name) => desk.updateSite(caller(request), name, { wakeForRobots: field(request, 'wake') === 'on' }))
  form('egress', 'egress', (request, name) => desk.updateSite(caller(request), name, { egress: field(request, 'internet') === 'on' ? 'internet' : 'none' }))
  form('rollback', 'rolled_back', (request, name) => desk.rollback(caller(request), name, field(request, 'release')))
  app.post('/sites/:name/delete', { config: { access: 'owner' } }, (request, reply) => remove(room, views, request, reply))
}

async function answer(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, done: string, act: Act): Promise<FastifyReply> {
  const name = siteName(request)
  try {
    await act(request, name)
  } catch (error) {
    return showSite(room, views, request, reply, { errors: errorsOf(error, request, reply) })
  }
  return reply.redirect(`/sites/${name}?done=${done}`, 303)
}

async function upload(room: Room, request: FastifyRequest, name: string): Promise<void> {
  const part = await request.file({ limits: { fileSize: MAX_UPLOAD + 1 } })
  if (part === undefined) throw new AubergeError('bad_archive', 'Choose a file first.')
  await deploy(room, caller(request), name, part.file)
}

async function remove(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const name = siteName(request)
  if (field(request, 'confirm').trim() !== name) {
    const errors = { confirm: speaker(request.language)('delete_mismatch') }
    return showSite(room, views, request, reply.code(422), { errors })
  }
  await room.desk.deleteSite(caller(request), name)
  return reply.redirect('/sites?done=deleted', 303)
}
