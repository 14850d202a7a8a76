// The API's description, OpenAPI 3.1, made from the schemas that validate, those that say what is answered (../shapes) and the access that the gate checks.
// The page that shows it is pages/describe.ts.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyContextConfig, FastifySchema, RouteOptions } from 'fastify'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { errorsOf } from '../shapes/error.ts'
import { changesBy } from '../visit.ts'

/** Which resource a path is about. */
const TAGS: [RegExp, string][] = [
  [/^\/api\/sites/, 'Sites'], [/^\/api\/(account|sessions?|tokens)(\/|$)/, 'Me'], [/^\/api\/names/, 'Names'], [/^\/api\/backups/, 'Deleted sites'], [/^\/nic\//, 'Dynamic DNS'],
  [/^\/api\/(accounts|invites|reports|audit)/, 'People'], [/^\/api\/images/, 'Images'], [/./, 'House'],
]

/** What may have a name of its own in the description. */
type Node = { title?: string; [key: string]: unknown }

export const DESCRIPTION: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Auberge', version: '1',
      description: 'Errors are {"error":{"code","message"}} with the fitting status; messages in the language of Accept-Language (en, fr). A change with the session cookie needs an Origin that is the panel\'s own; a token needs none. At any other host than the panel\'s there is nothing: 404.',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  },
  transform: ({ schema, url, route }) => ({ url, schema: described(schema ?? {}, url, route) }),
  transformObject: document => named('openapiObject' in document ? document.openapiObject as Node : {}),
}

function described(schema: FastifySchema, url: string, { method, config = {} }: RouteOptions): FastifySchema {
  const summary = String((schema as Node).summary)
  const checks = 'body' in schema || 'querystring' in schema || 'params' in schema
  const changes = [method].flat().some(one => changesBy(one, config as FastifyContextConfig))
  const open = config.access === 'anyone' ? { security: [] } : {}
  const upload = config.most === undefined ? {} : { body: { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } }
  const answers = Object.entries((schema.response ?? {}) as Record<string, Node>).map(([status, answer]) => [status, 'description' in answer ? answer : { description: summary, content: { 'application/json': { schema: answer } } }])
  const responses = { ...errorsOf({ config: config as FastifyContextConfig, changes, checks }), ...Object.fromEntries(answers) as object }
  const about = { tags: [TAGS.find(([sign]) => sign.test(url))?.[1] ?? ''], 'x-access': config.access }
  return { ...schema, ...upload, ...open, ...about, response: responses }
}

/** The document with every answer's schema that has a title named once, under components, and referred to from then on. */
function named(document: Node): object {
  const schemas: Record<string, unknown> = {}
  const look = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(look)
    if (typeof node !== 'object' || node === null) return node
    const { title, ...rest } = node as Node
    const isNamed = typeof title === 'string'
    const seen = Object.fromEntries(Object.entries(isNamed ? rest : node).map(([key, value]) => [key, look(value)]))
    if (!isNamed) return seen
    schemas[title] = seen
    return { $ref: `#/components/schemas/${title}` }
  }
  const paths = look(document.paths)
  return { ...document, paths, components: { ...document.components as object, schemas } }
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
