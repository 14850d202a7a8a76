// Holds real answers to what the API says of itself: each has a status, a code and a body that its call describes, and nothing in it that isn't described.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

type Json = { [key: string]: unknown }
type Response = { description: string; content?: Record<string, { schema?: Json }> }
export type Operation = { summary: string; 'x-access': string; parameters?: { name: string; in: string; schema?: Json }[]; requestBody?: { content: Record<string, { schema?: Json }> }; responses: Record<string, Response> }
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Json> } }
export type Answered = { method: string; path: string; status: number; type: string; text: string }

/** `wrong`: what is undescribed about an answer; null: nothing, or it is no call of the API. */
export type Described = { paths: Document['paths']; wrong(answer: Answered): string | null }

export function describedAs(text: string): Described {
  const document = JSON.parse(text) as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema({ $id: 'api', ...closed(document) as Json })
  const calls = Object.entries(document.paths).map(([path, operations]) => ({ path, operations, sign: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  calls.sort((one, other) => (one.path.match(/\{/g)?.length ?? 0) - (other.path.match(/\{/g)?.length ?? 0))
  const wrong = (answer: Answered): string | null => {
    const call = calls.find(({ sign, operations }) => sign.test(answer.path.split('?')[0] ?? '') && operations[answer.method.toLowerCase()] !== undefined)
    const operation = call?.operations[answer.method.toLowerCase()]
    // Whoever asks at another host is told so, whatever they ask for.
    if (call === undefined || operation === undefined || answer.text.includes('"The panel is at ')) return null
    const fault = faultOf(answer, operation, schema => validator(ajv, `api#/paths/${escaped(call.path)}/${answer.method.toLowerCase()}/responses/${schema}/content/${escaped('application/json')}/schema`))
    return fault === null ? null : `${answer.method} ${answer.path} answered ${answer.status} (${answer.type}): ${fault}: ${answer.text.slice(0, 400)}`
  }
  return { paths: document.paths, wrong }
}

function faultOf({ status, type, text }: Answered, { responses }: Operation, validate: (status: string) => ValidateFunction): string | null {
  const key = String(status) in responses ? String(status) : `${Math.floor(status / 100)}XX`
  const response = responses[key]
  if (response === undefined) return 'a status that is not described'
  if (response.content === undefined) return text === '' ? null : 'a body where none is described'
  const [kind = ''] = Object.keys(response.content)
  if (kind !== 'application/json' || response.content[kind]?.schema?.type === 'string') return type.startsWith(kind) || /x509|x-pem|pkcs12/.test(type) ? null : `not ${kind}`
  const body = parsed(text)
  if (body === undefined) return 'no JSON'
  const check = validate(key)
  if (!check(body)) return `not as described: ${JSON.stringify(check.errors?.slice(0, 5).map(({ instancePath, message, params }) => [instancePath, message, params]))}`
  const code = (body as { error?: { code?: string } }).error?.code
  return code === undefined || status < 400 || response.description.split(', ').includes(code) ? null : `the code ${code} is not described`
}

function validator(ajv: Ajv2020, reference: string): ValidateFunction {
  return ajv.getSchema(reference) ?? ajv.compile({ $ref: reference })
}

/** RFC 6901, in a URI's fragment. */
const escaped = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** No object has more than its properties: what isn't described isn't told. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const seen = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  return 'properties' in seen && !('additionalProperties' in seen) && seen.type === 'object' ? { ...seen, additionalProperties: false } : seen
}
