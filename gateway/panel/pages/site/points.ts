// The forms of a name's DNS records and of where it points: lines of text, judged as the API judges them. Called by pages/all.ts.
import { readRecords } from '../../../../registry/recordlines.ts'
import { mayChange } from '../../api/records.ts'
import { pointElsewhere } from '../../api/sites.ts'
import type { App } from '../../app.ts'
import { caller } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { field, type Views } from '../views.ts'
import { addForm } from './forms.ts'
import { DOMAINS } from './sections.ts'

export function addSitePoints(app: App, room: Room, views: Views): void {
  addForm(app, room, views, 'records', 'records', async (request, name) => {
    mayChange(room, request)
    await room.desk.keepRecords(caller(request), name, readRecords(field(request, 'records')))
  }, { section: DOMAINS, fields: { invalid: 'records' } })
  addForm(app, room, views, 'points', 'points', async (request, name) => pointElsewhere(room, caller(request), name, field(request, 'addresses').split(/[\s,]+/).filter(one => one !== '')),
    { section: DOMAINS, fields: { invalid: 'addresses' } })
  addForm(app, room, views, 'www', 'www', async (request, name) => room.desk.setWww(caller(request), name, field(request, 'www') === 'on'), { section: DOMAINS })
}
