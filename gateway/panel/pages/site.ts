// `/sites/NAME`: everything about one site.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { spellLimit } from '../../../registry/parse.ts'
import { PHP_SETTINGS, phpBounds } from '../../../registry/php.ts'
import type { App } from '../app.ts'
import { siteName } from '../gate.ts'
import { speaker } from '../language/pick.ts'
import type { Room } from '../parts.ts'
import { imageChoices, takesOf } from './images.ts'
import type { Data, Views } from './views.ts'

/** Characters of the log on the page; all of it is a click away. */
const TAIL = 16_384
/** Wakes on the page. */
const WAKES = 10
/** Milliseconds the page waits for the log. */
const PATIENCE = 2_000

export function addSitePage(app: App, room: Room, views: Views): void {
  app.get('/sites/:name', { config: { access: 'owner' } }, (request, reply) => showSite(room, views, request, reply))
}

/** The site's page, with what went wrong with a form of it in `data.errors`. */
export async function showSite(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, data: Data = {}): Promise<FastifyReply> {
  const name = siteName(request)
  const site = await room.desk.view(name, { usage: true }).catch(() => room.desk.view(name))
  const [log, images, wakes] = site.kind === 'site' ? await Promise.all([logTail(room, name), room.desk.images().catch(() => []), room.desk.wakes(name)]) : ['', [], []]
  const settings = { imageChoices: imageChoices(images, site.image ?? '', speaker(request.language)), takes: takesOf(images, site.image ?? ''), phpSettings: PHP_SETTINGS, phpBounds, spell: spellLimit }
  return views.show(request, reply, 'site', { site, log, wakes: wakes.slice(0, WAKES), ...settings, origin: `${request.protocol}://${request.host}`, scripts: ['site.js', 'upload.js', 'log.js'], ...data })
}

/** A log that can't be had just now doesn't keep the page from showing. */
async function logTail(room: Room, name: string): Promise<string> {
  try {
    return await tail(await room.desk.logs(name, { follow: false }))
  } catch {
    return ''
  }
}

async function tail(log: Readable): Promise<string> {
  const late = setTimeout(() => log.destroy(), PATIENCE)
  let text = ''
  try {
    for await (const chunk of log.setEncoding('utf8')) text = (text + String(chunk)).slice(-TAIL)
  } finally {
    clearTimeout(late)
  }
  return text
}
