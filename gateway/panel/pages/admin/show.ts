// What the administrator's pages share: their tabs, and forms that redirect or show their page with what is wrong. Called by each of them.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import type { ErrorCode } from '../../../../wire/error.ts'
import type { Room } from '../../parts.ts'
import { errorsOf, type Data, type Views } from '../views.ts'

const TABS = [['/admin', 'routes'], ['/admin/house', 'house'], ['/admin/accounts', 'accounts'], ['/admin/images', 'images'], ['/admin/dns', 'dns'], ['/admin/certificates', 'certificates'], ['/admin/reports', 'reports'], ['/admin/audit', 'audit']] as const

export const ADMIN = { config: { access: 'admin' } } as const

/** Shows a template of views/admin/, with the tabs above it. */
export function showAdmin(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, view: string, data: Data): FastifyReply {
  const tabs = TABS.map(([at, title]) => ({ at, title, count: title === 'reports' ? room.registry.reports.open() : 0 }))
  return views.show(request, reply, `admin/${view}`, { tabs, styles: ['site.css', 'people.css'], ...data })
}

type Act = (request: FastifyRequest) => Promise<unknown> | unknown
type Again = (request: FastifyRequest, reply: FastifyReply, data: Data) => unknown

/** A form of an administrator's page: `act`, then on to `done`; or `again` with what is wrong, above it or at the field that `at` names. */
export function adminForm(app: App, path: string, { act, done, again, at = {} }: { act: Act; done: string | ((request: FastifyRequest) => string); again: Again; at?: Partial<Record<ErrorCode, string>> }): void {
  app.post(path, ADMIN, async (request, reply) => {
    try {
      await act(request)
    } catch (error) {
      return again(request, reply, { errors: errorsOf(error, request, reply, at), values: request.body })
    }
    return reply.redirect(typeof done === 'string' ? done : done(request), 303)
  })
}

export function param(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name] ?? ''
}
