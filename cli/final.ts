// auberge final …: final backups of deleted sites.
import { argument, answer, type Desk } from './desk.ts'
import type { SiteView } from './site.ts'
import { save } from './streams.ts'
import { moment, size, table } from './table.ts'

type FinalView = { id: string; name: string; owner: string | null; bytes: number; madeAt: number; keptUntil: number }

const path = (desk: Desk): string => `/api/backups/${encodeURIComponent(argument(desk, 'ID'))}`

export async function listFinals(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<FinalView[]>('GET', '/api/backups'), backups =>
    table(['ID', 'OWNER', 'SIZE', 'MADE', 'KEPT UNTIL'], backups.map(each => [each.id, each.owner, size(each.bytes), moment(each.madeAt), moment(each.keptUntil)]), 'no final backups'))
}

export async function fetchFinal(desk: Desk): Promise<void> {
  const file = argument(desk, 'FILE')
  const bytes = await save(await desk.admin.stream('GET', path(desk)), file)
  answer(desk, { file, bytes }, made => `${made.file}: ${size(made.bytes)}.`)
}

/** Under its own name, or as NAME. */
export async function restoreFinal(desk: Desk): Promise<void> {
  const name = desk.order.args.NAME
  const site = await desk.admin.json<SiteView>('POST', `${path(desk)}/restore`, { json: name === undefined ? {} : { name } })
  answer(desk, site, each => `${each.name}, of ${each.owner}, is as it was in the backup.`)
}

export async function removeFinal(desk: Desk): Promise<void> {
  await desk.admin.json('DELETE', path(desk))
  answer(desk, { removed: argument(desk, 'ID') }, each => `Backup ${each.removed} removed.`)
}
