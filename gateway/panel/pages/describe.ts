// `/api`: the API to read: what calls there are, who may, what they take. Made from the same description as /api/openapi.json; nothing comes from elsewhere.
import type { App } from '../app.ts'
import { describedBy } from '../api/openapi.ts'
import type { Room } from '../parts.ts'
import type { Views } from './views.ts'

type Schema = { type?: string | string[]; description?: string; enum?: unknown[]; const?: unknown; anyOf?: Schema[]; properties?: Record<string, Schema>; required?: string[]; items?: Schema; minimum?: number; maximum?: number }
type Operation = {
  summary?: string; tags?: string[]; 'x-access'?: string
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; description?: string }[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
}
type Field = { name: string; where: string; type: string; required: boolean; about: string }
export type Call = { method: string; path: string; summary: string; access: string; fields: Field[] }

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

export function addDescribe(app: App, room: Room, views: Views): void {
  app.get('/api', { config: { access: 'anyone' } }, (request, reply) =>
    views.show(request, reply, 'describe', { groups: groups((describedBy(room).paths ?? {}) as Record<string, Record<string, Operation>>), origin: `${request.protocol}://${request.host}`, styles: ['people.css'] }))
}

function groups(paths: Record<string, Record<string, Operation>>): Map<string, Call[]> {
  const found = new Map<string, Call[]>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of METHODS) {
      const operation = operations[method]
      if (operation === undefined) continue
      const tag = operation.tags?.[0] ?? ''
      found.set(tag, [...found.get(tag) ?? [], callOf(method, path, operation)])
    }
  }
  return new Map([...found].sort(([one], [other]) => place(one) - place(other)))
}

/** What most people look for comes first. */
const ORDER = ['Me', 'Names', 'Sites', 'Deleted sites', 'Dynamic DNS', 'People', 'Images', 'House']
const place = (tag: string): number => ORDER.indexOf(tag) + 1 || ORDER.length

function callOf(method: string, path: string, operation: Operation): Call {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const fields = [
    ...(operation.parameters ?? []).map(one => ({ name: one.name, where: one.in, type: typeOf(one.schema), required: one.required === true, about: one.description ?? one.schema?.description ?? '' })),
    ...fieldsOf(body),
  ]
  return { method: method.toUpperCase(), path, summary: operation.summary ?? '', access: operation['x-access'] ?? '', fields }
}

/** Of a body that may be left out, those of the object it may be. */
function fieldsOf(schema: Schema | undefined): Field[] {
  const object = schema?.properties ? schema : schema?.anyOf?.find(one => one.properties)
  return Object.entries(object?.properties ?? {}).map(([name, one]) =>
    ({ name, where: 'body', type: typeOf(one), required: object?.required?.includes(name) === true, about: one.description ?? '' }))
}

function typeOf(schema: Schema = {}): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(one => JSON.stringify(one)).join(' | ')
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.type === 'array') return `${typeOf(schema.items)}[]`
  if (schema.properties) return `{${Object.keys(schema.properties).join(', ')}}`
  return String(schema.type ?? 'any')
}
