// auberge site database: how a site reaches its database, password included, and a new password.
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import { answer, type Desk } from './desk.ts'
import { sitePath, type SiteView } from './site.ts'
import { sheet, size } from './table.ts'

export async function siteDatabase(desk: Desk): Promise<void> {
  const rotate = desk.order.options.has('rotate')
  const path = sitePath(desk)
  const site = rotate ? await desk.admin.json<SiteView>('POST', `${path}/database/rotate`) : await desk.admin.json<SiteView>('GET', path)
  if (site.kind !== 'site') throw new UsageError(`site database: ${site.name} points elsewhere and has no database`)
  const { database } = site
  if (!database) throw new AubergeError('not_found', `${site.name} has no database yet: wake it once, then ask again`)
  answer(desk, database, each => sheet([
    ['host', each.host], ['port', each.port], ['name', each.name], ['user', each.user], ['password', each.password], ['size', site.limits && size(site.limits.database)],
  ]))
}
