// The card of the logs: the end of the one that was chosen, which the page follows from there.
import type { Readable } from 'node:stream'
import type { LogSource } from '../../../desk.ts'
import type { Room } from '../../parts.ts'
import { query } from '../views.ts'
import type { Card } from './section.ts'

/** Characters of the log on the page; all of it is a click away. */
const TAIL = 16_384
/** Milliseconds the page waits for the log. */
const PATIENCE = 2_000

const SOURCES: readonly LogSource[] = ['error', 'access', 'pod']

export const logCard: Card = {
  view: 'log',
  data: async (room, request, site) => {
    const source = SOURCES.find(one => one === query(request, 'source')) ?? 'error'
    return { source, sources: SOURCES, log: await logTail(room, site.name, source) }
  },
}

/** A log that can't be had just now doesn't keep the page from showing. */
async function logTail(room: Room, name: string, source: LogSource): Promise<string> {
  try {
    return await tail(await room.desk.logs(name, { follow: false, source }))
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
