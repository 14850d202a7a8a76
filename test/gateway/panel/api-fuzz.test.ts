// Every call of the API with good, bad and absurd input, as a stranger, an owner and an administrator: no answer is our fault, none hangs, none tells what it shouldn't.
// What is sent follows from the API's own description and a seed (AUBERGE_FUZZ_SEED, else a fixed one).
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client, type Dispatcher } from 'undici'
import { places } from '../../../wire/house.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'
import { ZIP } from './uploads.ts'

type Schema = { type?: string; enum?: unknown[]; const?: unknown; anyOf?: Schema[]; properties?: Record<string, Schema>; required?: string[]; items?: Schema; minimum?: number; maximum?: number; minItems?: number; pattern?: string; maxLength?: number }
type Operation = { parameters?: { name: string; in: string; schema?: Schema }[]; requestBody?: { content: Record<string, { schema?: Schema }> } }
type Call = { method: Dispatcher.HttpMethod; path: string; operation: Operation }

const SEED = 20_261_130
const ROUNDS = 5
/** Calls that take minutes by their nature, or end the house's own guests. */
const SLOW = /\/images\/\{name\}\/(build|roll)|\/exec$|\/console/
/** Those with answers in forms of their own, or that have tests with foreign input of their own. */
const ELSEWHERE = /^\/nic\/|\/(files?|tools|ports|dnssec)\b/
/** Milliseconds after which a call counts as hung; a first byte is all that streams owe. */
const PATIENCE = 30_000

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss, stranger } = await people(house)

/** Mulberry32. */
function chance(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = chance(Number(process.env.AUBERGE_FUZZ_SEED ?? SEED))
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

const NASTY: unknown[] = [
  null, true, 0, -1, 1e308, 2 ** 53, '', ' ', '\0', '../../etc/passwd', '%00', '<script>alert(1)</script>', '\'; DROP TABLE accounts; --', 'x'.repeat(5000), '__proto__', 'constructor', '☃️', '\ud800',
  [], {}, [[[[]]]], { __proto__: 1 }, { toString: 1 }, '{{7*7}}', '${7*7}', 'a\r\nset-cookie: x=1', '9'.repeat(400), '-0', 'NaN',
]
const SEGMENTS = ['blog', 'bobs', 'nobody', 'alice', 'bob', 'php', 'php@1', '1', '..', '%2e%2e', '%00', '%ff', '%', '%25', 'x'.repeat(250), 'x'.repeat(400), '__proto__', 'constructor', '☃', '<b>', 'a%2Fb', '', ' ', '-', '0', '-1', '1e9']

const spelled = (value: unknown): string => typeof value === 'string' ? value : JSON.stringify(value) ?? ''

/** A value the schema takes, more or less. */
function good(schema: Schema = {}): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return pick(schema.enum)
  if (schema.anyOf) return good(pick(schema.anyOf))
  if (schema.type === 'object') return Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name) || random() < 0.5).map(([name, one]) => [name, good(one)]))
  if (schema.type === 'array') return Array.from({ length: Math.max(schema.minItems ?? 0, Math.floor(random() * 3)) }, () => good(schema.items))
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 0, Math.min(schema.maximum ?? 100, Math.floor(random() * 100)))
  if (schema.type === 'boolean') return random() < 0.5
  if (schema.type === 'null') return null
  return pick(['blog', 'fuzzed', 'alice', PASSWORD, '1', 'php', '192.0.2.7', 'example.org'])
}

/** The same, with something wrong somewhere. */
function bad(schema: Schema = {}): unknown {
  if (schema.type !== 'object' || random() < 0.2) return pick(NASTY)
  const value = good(schema) as Record<string, unknown>
  const key = pick([...Object.keys(schema.properties ?? {}), '__proto__', 'unknown'])
  return { ...value, [key]: pick(NASTY) }
}

const calls = async (): Promise<Call[]> => {
  const { paths } = (await stranger.call('GET', '/api/openapi.json')).json<{ paths: Record<string, Record<string, Operation>> }>()
  return Object.entries(paths).flatMap(([path, all]) => Object.entries(all).map(([method, operation]) => ({ method: method.toUpperCase() as Dispatcher.HttpMethod, path, operation })))
}

function addressed({ path, operation }: Call, well: boolean): string {
  const whole = path.replace(/\{\w+\}/g, () => well ? pick(['blog', 'bobs', 'alice', '1']) : pick(SEGMENTS))
  const query = new URLSearchParams()
  for (const one of operation.parameters ?? []) {
    if (one.in === 'query' && one.name !== 'follow' && random() < 0.6) query.append(one.name, spelled(well ? good(one.schema) : pick(NASTY)).slice(0, 2000))
  }
  return `${whole}${query.size > 0 ? `?${query}` : ''}`.replace(/[^\x21-\x7e]/g, character => encodeURIComponent(character.isWellFormed() ? character : '?'))
}

function body({ method, path, operation }: Call, well: boolean): { type: string; body: string | Buffer } | null {
  if (method === 'GET' || method === 'HEAD') return null
  if (/\/(content|backup)$/.test(path)) return { type: 'application/octet-stream', body: well ? ZIP : Buffer.from(spelled(pick(NASTY))) }
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  if (!well && random() < 0.2) return { type: pick(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', '']), body: pick(['{', '[', '{"a":', 'nul', '\u0000', '{"a":1}{', '"'.repeat(100), '['.repeat(20_000)]) }
  if (schema === undefined) return null
  return { type: 'application/json', body: JSON.stringify(well ? good(schema) : bad(schema)) ?? '' }
}

const client = new Client('http://localhost', { socketPath: places(house.house.data).panelSocket, headersTimeout: PATIENCE, bodyTimeout: PATIENCE })
after(() => client.destroy())

/** Status and the beginning of the answer; what streams without end is left after its first bytes. */
async function send(who: Visitor, call: Call, well: boolean): Promise<{ status: number; text: string; line: string }> {
  const path = addressed(call, well)
  const sent = body(call, well)
  const headers = who.headers({ origin: who.origin, ...(sent === null || sent.type === '' ? {} : { 'content-type': sent.type }) })
  const answer = await client.request({ method: call.method, path, headers, body: sent?.body ?? null })
  let text = ''
  const endless = /event-stream/.test(String(answer.headers['content-type']))
  answer.body.on('error', () => {})
  for await (const chunk of answer.body) {
    text += String(chunk).slice(0, 20_000 - text.length)
    if (endless) break
  }
  return { status: answer.statusCode, text, line: `${call.method} ${path} ${sent === null ? '' : String(sent.body).slice(0, 300)}` }
}

/** What no answer says to anybody. */
const SECRETS = [/\bat (file:\/\/|async |\w+ \()/, /node_modules|better-sqlite3|SQLITE_/, /\$scrypt\$/, /registry\/uploads/]
const NOT_FOR_OWNERS = [/\.sock\b/, /"owner":"bob"/]

/** A house without room or pods may say so; nothing else of 500 and above is an answer. */
function isOurs(status: number, text: string): boolean {
  return status < 500 || (status === 503 && /"code":"(unavailable|no_room|wake_failed)"/.test(text))
}

test('every call survives whatever it is sent, and tells nothing', { timeout: 580_000 }, async () => {
  await alice.call('POST', '/api/sites', { name: 'blog' })
  await bob.call('POST', '/api/sites', { name: 'bobs' })
  const secret = bob.jar.get('session') ?? assert.fail('bob is not signed in')
  const all = (await calls()).filter(({ path }) => !SLOW.test(path) && !ELSEWHERE.test(path))
  assert.ok(all.length > 60, `only ${all.length} calls`)
  const statuses = new Map<number, number>()
  const wrong: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const call of all) {
      const who = pick([stranger, alice, alice, boss])
      // An administrator could end the others, and themselves: what deletes and changes accounts is tried as the owner.
      const safe = who === boss && (call.method === 'DELETE' || (call.method !== 'GET' && /\/api\/(accounts\/\{|account|session)/.test(call.path))) ? alice : who
      const leaves = safe === alice && call.method === 'DELETE' && /^\/api\/(session|sessions|account)$/.test(call.path)
      const { status, text, line } = await send(leaves ? stranger : safe, call, random() < 0.4)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const told = (safe === boss ? SECRETS : [...SECRETS, ...NOT_FOR_OWNERS]).find(sign => sign.test(text)) ?? (text.includes(secret) ? 'a session' : null)
      if (!isOurs(status, text)) wrong.push(`${status} ${line}\n${text.slice(0, 300)}`)
      if (told !== null) wrong.push(`${line} tells ${told}`)
      if (status >= 400 && text !== '' && !/^\{"error":\{"code":"\w+","message":/.test(text)) wrong.push(`${status} ${line} is no error of ours: ${text.slice(0, 200)}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok((statuses.get(200) ?? 0) > 50, JSON.stringify([...statuses]))
  assert.equal((await stranger.call('GET', '/healthz')).status, 200)
  assert.equal((await bob.call('GET', '/api/sites/bobs')).status, 200, 'and bob\'s site is as it was')
})
