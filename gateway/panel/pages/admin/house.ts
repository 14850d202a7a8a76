// `/admin/house`: how the house is: memory, disk, pods, processes, certificates, DNS.
import type { App } from '../../app.ts'
import type { Room } from '../../parts.ts'
import type { Views } from '../views.ts'
import { ADMIN, showAdmin } from './show.ts'

/** Certificates on the page, those that end first; the API has all. */
const CERTIFICATES = 20
const DAY = 24 * 3600 * 1000

export function addAdminHouse(app: App, room: Room, views: Views): void {
  app.get('/admin/house', ADMIN, async (request, reply) => {
    const { authority, leaves } = room.desk.certificates()
    const soonest = [...leaves].sort((one, other) => one.expiresAt - other.expiresAt)
    return showAdmin(room, views, request, reply, 'house', {
      house: await room.desk.condition(), authority, certificates: soonest.slice(0, CERTIFICATES), certificateCount: leaves.length,
      trusted: leaves.filter(leaf => leaf.trusted).length, soon: (at: number) => at - Date.now() < 7 * DAY,
    })
  })
}
