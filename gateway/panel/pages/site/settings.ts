// The forms of a site's settings: image, environment, PHP, start command, limits. What is typed is read here and judged as the API judges it; what is
// wrong is said beside its field, and stays there. Called by pages/all.ts.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseEnv, parseLimits } from '../../../../registry/parse.ts'
import { parsePhp, PHP_SETTINGS } from '../../../../registry/php.ts'
import type { SiteChange } from '../../../../registry/registry.ts'
import { AubergeError, type ErrorCode } from '../../../../wire/error.ts'
import { changeSite } from '../../api/sites.ts'
import type { App } from '../../app.ts'
import { fault, sayFault } from '../../faults.ts'
import { caller, siteName } from '../../gate.ts'
import type { Room } from '../../parts.ts'
import { errorsOf, field, type Views } from '../views.ts'
import { SETTINGS } from './sections.ts'
import { placeOf, showSite } from './show.ts'

/** A form: what it changes, as one piece or by fields, each with the id that an error of it is shown at. */
type Form = { read(request: FastifyRequest): { at: string; change: () => SiteChange }[] }

const LIMITS = ['memory', 'cpu', 'disk', 'pids', 'database'] as const

const FORMS: Record<string, Form> = {
  image: { read: request => [{ at: 'image', change: () => ({ image: field(request, 'image') }) }] },
  env: { read: request => [{ at: 'env', change: () => ({ env: parseEnv(assignments(field(request, 'env'))) }) }] },
  start: { read: request => [{ at: 'start', change: () => ({ start: field(request, 'start') }) }] },
  limits: { read: request => LIMITS.map(key => ({ at: `limit-${key}`, change: () => ({ limits: parseLimits({ [key]: field(request, `limit-${key}`).trim() }) }) })) },
  php: { read: request => Object.keys(PHP_SETTINGS).map(name => ({ at: `php-${name}`, change: () => ({ php: setting(name, field(request, `php-${name}`).trim()) }) })) },
}

export function addSiteSettings(app: App, room: Room, views: Views): void {
  for (const [path, form] of Object.entries(FORMS)) {
    app.post(`/sites/:name/${path}`, { config: { access: 'owner' } }, (request, reply) => save(room, views, request, reply, form))
  }
}

async function save(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
  const fields = form.read(request)
  const { change, errors } = collected(fields, request)
  const again = (errors: Record<string, string>) => showSite(room, views, request, reply, SETTINGS, { errors, values: request.body })
  if (Object.keys(errors).length > 0) return again((reply.code(422), errors))
  try {
    await changeSite(room, caller(request), siteName(request), change)
  } catch (error) {
    return again(errorsOf(error, request, reply, fields.length === 1 ? placed(fields[0]!.at) : {}))
  }
  return reply.redirect(`${placeOf(siteName(request), SETTINGS)}?done=saved`, 303)
}

/** All that can be wrong with the one field of a form. */
const placed = (at: string): Partial<Record<ErrorCode, string>> => ({ invalid: at, not_found: at, too_large: at, quota: at, conflict: at })

function collected(fields: ReturnType<Form['read']>, request: FastifyRequest): { change: SiteChange; errors: Record<string, string> } {
  const change: SiteChange = {}
  const errors: Record<string, string> = {}
  for (const { at, change: read } of fields) {
    try {
      const one = read()
      Object.assign(change, one, one.limits && { limits: { ...change.limits, ...one.limits } }, one.php && { php: { ...change.php, ...one.php } })
    } catch (error) {
      errors[at] = sayFault(fault(error), request.language)
    }
  }
  return { change, errors }
}

/** Nothing: as the image has it. */
function setting(name: string, text: string): Record<string, string> {
  return text === '' ? {} : parsePhp({ [name]: text })
}

/** Lines of NAME=value; empty ones and spaces around names don't count. */
function assignments(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  return Object.fromEntries(lines.map(line => {
    const at = line.indexOf('=')
    if (at < 1) throw new AubergeError('invalid', `${JSON.stringify(line.slice(0, 64))} is not of the form NAME=value`)
    return [line.slice(0, at).trim(), line.slice(at + 1)]
  }))
}
