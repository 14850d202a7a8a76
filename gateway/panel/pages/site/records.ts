// The cards of a name's DNS records and of where it points, in the section of what leads to it. Their forms are in points.ts.
import { writeRecords } from '../../../../registry/recordlines.ts'
import type { Card } from './section.ts'

export const recordsCard: Card = { view: 'records', any: true, data: ({ desk, house }, _request, { name }) => ({ records: writeRecords(desk.records(name)), origin: `${name}.${house.zone}` }) }
export const pointsCard: Card = { view: 'points', any: true }
