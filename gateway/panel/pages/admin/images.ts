// `/admin/images`: the images pods are made of and their versions; building, rolling sites onto the newest, going back, removing.
// Building and rolling take minutes: with JavaScript their progress is on the page, without it they go on by themselves.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import type { App } from '../../app.ts'
import { audit } from '../../api/accounts.ts'
import { pin } from '../../api/images.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, param, showAdmin } from './show.ts'

/** The images this program knows how to build. */
const RECIPES = ['php', 'static', 'node', 'python', 'mariadb']

export function addAdminImages(app: App, room: Room, views: Views): void {
  const { desk } = room
  const show = async (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => {
    const images = await desk.images().catch(() => [])
    const names = [...new Set([...RECIPES, ...images.map(image => image.name)])]
    return showAdmin(room, views, request, reply, 'images', { images, names, scripts: ['progress.js'], ...data })
  }
  const name = (request: FastifyRequest) => param(request, 'name')
  const behind = (verb: string, begin: (request: FastifyRequest) => Promise<Readable>) => adminForm(app, `/admin/images/:name/${verb}`, {
    async act(request) {
      const progress = await begin(request)
      audit(room, caller(request).username, `image.${verb}`, name(request))
      progress.on('error', error => request.log.error({ err: error, image: name(request) }, `image ${verb} failed`)).resume()
    },
    done: `/admin/images?done=image_${verb}`, again: show,
  })

  app.get('/admin/images', ADMIN, (request, reply) => show(request, reply))
  behind('build', request => desk.buildImage(name(request)))
  behind('roll', request => desk.rollImage(caller(request), name(request)))
  adminForm(app, '/admin/images/:name/pin', {
    act: request => pin(room, caller(request), name(request), field(request, 'version') === '' ? null : Number(field(request, 'version'))), done: '/admin/images?done=saved', again: show,
  })
  adminForm(app, '/admin/images/:name/remove', {
    async act(request) {
      await desk.removeImage(name(request))
      audit(room, caller(request).username, 'image.remove', name(request))
    },
    done: '/admin/images?done=image_removed', again: show,
  })
}
