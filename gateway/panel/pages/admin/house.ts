// `/admin/house`: how the house is: memory, disk, pods, processes; certificates and DNS in short.
import type { App } from '../../app.ts'
import type { Room } from '../../parts.ts'
import type { Views } from '../views.ts'
import { ADMIN, showAdmin } from './show.ts'

/** Certificates on the page, those that end first. */
const CERTIFICATES = 3
const WEEK = 7 * 24 * 3600 * 1000

export function addAdminHouse(app: App, room: Room, views: Views): void {
  app.get('/admin/house', ADMIN, async (request, reply) => {
    const { leaves } = room.desk.certificates()
    const soonest = [...leaves].sort((one, other) => one.expiresAt - other.expiresAt).slice(0, CERTIFICATES)
    return showAdmin(room, views, request, reply, 'house', {
      house: await room.desk.condition(), soonest, certificateCount: leaves.length, trusted: leaves.filter(leaf => leaf.trusted).length, soon: (at: number) => at - Date.now() < WEEK,
    })
  })
}
