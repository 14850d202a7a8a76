// `/sites/NAME` and its sections: the plate with the site's state, the tabs, and the cards of one section.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SiteView } from '../../../desk.ts'
import type { App } from '../../app.ts'
import { siteName } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import type { Data, Views } from '../views.ts'
import { cardsFor, type Section } from './section.ts'
import { OVERVIEW, SECTIONS } from './sections.ts'
import { causeWord } from './wakes.ts'

export function addSitePage(app: App, room: Room, views: Views): void {
  for (const section of SECTIONS) {
    app.get(placeOf(':name', section), { config: { access: 'owner' } }, (request, reply) => showSite(room, views, request, reply, section))
  }
}

/** Where a section is. */
export const placeOf = (name: string, { path }: Section): string => `/sites/${name}${path === '' ? '' : `/${path}`}`

/** A section of the site's page, with what went wrong with a form of it in `data.errors`. What a name doesn't have is not found. */
export async function showSite(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, section: Section, data: Data = {}): Promise<FastifyReply> {
  const name = siteName(request)
  const site = await view(room, name, section)
  const cards = cardsFor(section, site.kind)
  if (cards.length === 0) return views.notFound(request, reply)
  const brought = await Promise.all([section, ...cards].map(part => part.data?.(room, request, site)))
  return views.show(request, reply, 'site/section', {
    site, here: placeOf(name, OVERVIEW), section, cards, tabs: tabs(site), causeWord, styles: ['site.css', ...section.styles ?? []], scripts: ['site.js', ...section.scripts ?? []], ...Object.assign({}, ...brought) as Data, ...data,
  })
}

/** Without what the provisioner would have to say, where it doesn't answer. */
async function view(room: Room, name: string, { usage = false }: Section): Promise<SiteView> {
  return room.desk.view(name, { usage }).catch(() => room.desk.view(name))
}

function tabs({ name, kind }: SiteView): Data[] {
  return SECTIONS.filter(section => section.under === undefined && cardsFor(section, kind).length > 0).map(section => ({ title: section.title, at: placeOf(name, section), path: section.path }))
}

/** The section that a form was sent from, by the address the browser says it was on. */
export function cameFrom(request: FastifyRequest): Section {
  const { referer = '' } = request.headers
  const path = URL.canParse(referer) ? new URL(referer).pathname : ''
  return SECTIONS.find(section => placeOf(siteName(request), section) === path) ?? OVERVIEW
}
