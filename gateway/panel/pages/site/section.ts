// What a site's page is made of: sections, each a page of its own (`/sites/NAME/PATH`), and cards in them. Types; the list is in sections.ts.
import type { FastifyRequest } from 'fastify'
import type { SiteView } from '../../../desk.ts'
import type { Sentence } from '../../language/pick.ts'
import type { Room } from '../../parts.ts'
import type { Data } from '../views.ts'

/**
 * One card: the template `views/site/VIEW.eta`, which is given `site`, `here` (`/sites/NAME`), all of common.ts and what `data` brings.
 * `any`: also on the page of a name that points elsewhere.
 */
export type Card = { view: string; any?: boolean; data?: Load }

/** What a template is to know besides. */
export type Load = (room: Room, request: FastifyRequest, site: SiteView) => Promise<Data> | Data

/** `path`: '' for the first one. `usage`: its cards show what the site uses and how to reach its database. `data`: for all its cards. `under`: it has no tab of its own but is within that one. */
export type Section = { path: string; under?: string; title: Sentence; cards: readonly Card[]; scripts?: readonly string[]; styles?: readonly string[]; usage?: boolean; data?: Load }

/** The cards of a section that such a name has. */
export function cardsFor(section: Section, kind: SiteView['kind']): readonly Card[] {
  return section.cards.filter(card => kind === 'site' || card.any === true)
}
