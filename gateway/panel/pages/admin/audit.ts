// `/admin/audit`: who did what and when, the newest first, by person, thing or kind.
import type { App } from '../../app.ts'
import type { Room } from '../../parts.ts'
import { query, type Views } from '../views.ts'
import { ADMIN, showAdmin } from './show.ts'

const PAGE = 100

export function addAdminAudit(app: App, room: Room, views: Views): void {
  app.get('/admin/audit', ADMIN, (request, reply) => {
    const [by, about, action] = ['by', 'about', 'action'].map(key => query(request, key).trim().slice(0, 300)) as [string, string, string]
    const before = Number(query(request, 'before'))
    const found = room.registry.audit.list(PAGE + 1, { by, about, action, ...(before > 0 ? { before } : {}) })
    const entries = found.slice(0, PAGE)
    const older = found.length > PAGE ? new URLSearchParams({ by, about, action, before: String(entries.at(-1)?.id ?? '') }).toString() : null
    return showAdmin(room, views, request, reply, 'audit', { entries, older, by, about, action })
  })
}
