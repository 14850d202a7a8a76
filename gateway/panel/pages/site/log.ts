// The card of the log: its end, which the page follows from there.
import type { Readable } from 'node:stream'
import type { Room } from '../../parts.ts'
import type { Card } from './section.ts'

/** Characters of the log on the page; all of it is a click away. */
const TAIL = 16_384
/** Milliseconds the page waits for the log. */
const PATIENCE = 2_000

export const logCard: Card = { view: 'log', data: async (room, _request, site) => ({ log: await logTail(room, site.name) }) }

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
