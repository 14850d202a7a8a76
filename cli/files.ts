// auberge site files, get and put: a site's files one by one. Paths are below the site's home, /var/www.
import { answer, argument, type Desk } from './desk.ts'
import { sitePath } from './site.ts'
import { openFile, save } from './streams.ts'
import { moment, size, table } from './table.ts'

type Entry = { name: string; type: string; link: boolean; size: number; modifiedAt: number }
type Listing = { entries: Entry[]; truncated: boolean }

export async function listFiles(desk: Desk): Promise<void> {
  const listing = await desk.admin.json<Listing>('GET', `${sitePath(desk)}/files?path=${encodeURIComponent(desk.order.args.PATH ?? '')}`)
  answer(desk, listing, ({ entries, truncated }) => {
    const rows = entries.map(entry => [entry.type === 'directory' ? `${entry.name}/` : entry.name, entry.type === 'file' ? size(entry.size) : '', moment(entry.modifiedAt)])
    return `${table(['NAME', 'SIZE', 'CHANGED'], rows, 'nothing in there')}${truncated ? '\n… and more' : ''}`
  })
}

export async function getFile(desk: Desk): Promise<void> {
  const file = argument(desk, 'FILE')
  const bytes = await save(await desk.admin.stream('GET', place(desk)), file)
  answer(desk, { file, bytes }, made => `${made.file}: ${size(made.bytes)}.`)
}

/** Replaces what is there. */
export async function putFile(desk: Desk): Promise<void> {
  const body = await openFile(argument(desk, 'FILE'))
  const written = await desk.admin.json<{ version: string }>('PUT', place(desk), { body, type: 'application/octet-stream' })
  answer(desk, { path: argument(desk, 'PATH'), ...written }, each => `${each.path} is there.`)
}

const place = (desk: Desk): string => `${sitePath(desk)}/file?path=${encodeURIComponent(argument(desk, 'PATH'))}`
