// The API's description, OpenAPI 3.1, made from the schemas that validate and the access that the gate checks. The page that shows it is pages/describe.ts.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { App } from '../app.ts'
import type { Access, Room } from '../parts.ts'
import { STATUS } from '../../../wire/error.ts'

const ERROR = {
  description: 'What went wrong: a code for programs, a sentence for people',
  type: 'object', required: ['error'],
  properties: { error: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string', enum: Object.keys(STATUS) }, message: { type: 'string' } } } },
}

/** Which resource a path is about. */
const TAGS: [RegExp, string][] = [
  [/^\/api\/sites/, 'Sites'], [/^\/api\/(account|sessions?|tokens)(\/|$)/, 'Me'], [/^\/api\/names/, 'Names'], [/^\/api\/backups/, 'Deleted sites'], [/^\/nic\//, 'Dynamic DNS'],
  [/^\/api\/(accounts|invites|reports|audit)/, 'People'], [/^\/api\/images/, 'Images'], [/./, 'House'],
]

export const DESCRIPTION: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Auberge', version: '1',
      description: 'Errors are {"error":{"code","message"}} with the fitting status; messages in the language of Accept-Language (en, fr). A change with the session cookie needs an Origin that is the panel\'s own; a token needs none.',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  },
  transform({ schema, url, route }) {
    const { access } = (route.config ?? {}) as { access?: Access }
    const known = (schema ?? {}) as Record<string, unknown>
    const open = access === 'anyone' ? { security: [] } : {}
    return { url, schema: { ...known, ...open, tags: [TAGS.find(([sign]) => sign.test(url))?.[1] ?? ''], 'x-access': access, response: { '2xx': { description: String(known.summary ?? '') }, default: ERROR } } }
  },
}

/** Operations by their path and method. */
type Described = { paths?: Record<string, object> }
const descriptions = new WeakMap<Room, () => Described>()

export function addOpenapi(app: App, room: Room): void {
  descriptions.set(room, () => app.swagger() as Described)
  app.get('/api/openapi.json', { config: { access: 'anyone' }, schema: { hide: true } }, () => app.swagger())
}

/** The same description, for the page that shows it. */
export function describedBy(room: Room): Described {
  const describe = descriptions.get(room)
  if (describe === undefined) throw new Error('the API is not there yet')
  return describe()
}
