// The cards of a name's DNS records and of where it points and whether its `www.` does, in the section of what leads to it. Their forms are in points.ts.
import { writeRecords } from '../../../../registry/recordlines.ts'
import type { Card } from './section.ts'

export const recordsCard: Card = { view: 'records', any: true, data: ({ desk, house }, _request, { name }) => ({ records: writeRecords(desk.records(name)), origin: `${name}.${house.zone}` }) }
export const pointsCard: Card = { view: 'points', any: true }
export const wwwCard: Card = { view: 'www', any: true }
