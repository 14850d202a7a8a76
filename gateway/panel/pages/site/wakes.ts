// The last wakes of a site: who woke it, how fast, what came of it.
import type { WakeCause } from '../../../../registry/types.ts'
import type { Sentence } from '../../language/pick.ts'
import type { Card } from './section.ts'

/** Wakes on the page. */
const MOST = 10

export const wakesCard: Card = { view: 'wakes', data: async (room, _request, site) => ({ wakes: (await room.desk.wakes(site.name)).slice(0, MOST) }) }

/** The sentence that says who woke a site. */
export function causeWord(cause: WakeCause): Sentence {
  if (cause.by !== 'visitor') return `cause_${cause.by}`
  if (cause.agent === 'robot') return 'cause_robot'
  return cause.agent === 'browser' ? 'cause_visitor' : 'cause_tool'
}
