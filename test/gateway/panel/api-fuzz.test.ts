// Every call of the API with good, bad and absurd input, as a stranger, an owner and an administrator: each answer is as described, none is our fault, none hangs,
// none tells what it shouldn't.
// What is sent follows from the API's own description and a seed (AUBERGE_FUZZ_SEED, else a fixed one).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text as readAll } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { Client, type Dispatcher } from 'undici'
import { places } from '../../../wire/house.ts'
import { openPods } from '../../helpers/pods.ts'
import type { Operation } from './described.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'
import { ZIP } from './uploads.ts'

type Schema = { type?: string; enum?: unknown[]; const?: unknown; anyOf?: Schema[]; properties?: Record<string, Schema>; required?: string[]; items?: Schema; minimum?: number; maximum?: number; minItems?: number; pattern?: string; maxLength?: number }
type Call = { method: Dispatcher.HttpMethod; path: string; operation: Operation }

const SEED = 20_261_130
const ROUNDS = 5
/** Calls that go on as something else than HTTP. */
const UPGRADES = /\/(exec|console)$/
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
/** What stands in paths where all is well. A build of `php` would take minutes. */
const PLACES: Record<string, string[]> = { name: ['blog', 'bobs', 'alice', '1'], username: ['alice', 'bob'], domain: ['shop.example', 'www.shop.example'], port: ['8080'], step: ['confirm', 'cancel'], id: ['1'], code: ['2345'] }
const FILES = ['html', 'html/index.html', 'html/new', 'notes.txt', 'no/such/place']
const SEGMENTS = ['blog', 'bobs', 'nobody', 'alice', 'bob', 'php', 'php@1', '1', '..', '%2e%2e', '%00', '%ff', '%', '%25', 'x'.repeat(250), 'x'.repeat(400), '__proto__', 'constructor', '☃', '<b>', 'a%2Fb', '', ' ', '-', '0', '-1', '1e9']

const spelled = (value: unknown): string => typeof value === 'string' ? value : JSON.stringify(value) ?? ''

/** A value the schema takes, more or less. */
function good(schema: Schema = {}, key = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return pick(schema.enum)
  if (schema.anyOf) return good(pick(schema.anyOf), key)
  if (schema.type === 'object') return Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name) || random() < 0.5).map(([name, one]) => [name, good(one, name)]))
  if (schema.type === 'array') return Array.from({ length: Math.max(schema.minItems ?? 0, Math.floor(random() * 3)) }, () => good(schema.items))
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 0, Math.min(schema.maximum ?? 100, Math.floor(random() * 100)))
  if (schema.type === 'boolean') return random() < 0.5
  if (schema.type === 'null') return null
  if (['path', 'from', 'to'].includes(key)) return pick(FILES)
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
  const { paths } = await house.described()
  return Object.entries(paths).flatMap(([path, all]) => Object.entries(all).map(([method, operation]) => ({ method: method.toUpperCase() as Dispatcher.HttpMethod, path, operation })))
}

function addressed({ path, operation }: Call, well: boolean): string {
  const whole = path.replace(/\{(\w+)\}/g, (_whole, name: string) => pick(well ? PLACES[name] ?? [] : SEGMENTS))
  const query = new URLSearchParams()
  for (const one of operation.parameters ?? []) {
    if (one.in === 'query' && one.name !== 'follow' && random() < 0.6) query.append(one.name, spelled(well ? good(one.schema, one.name) : pick(NASTY)).slice(0, 2000))
  }
  return `${whole}${query.size > 0 ? `?${query}` : ''}`.replace(/[^\x21-\x7e]/g, character => encodeURIComponent(character.isWellFormed() ? character : '?'))
}

function body({ method, path, operation }: Call, well: boolean): { type: string; body: string | Buffer } | null {
  if (method === 'GET' || method === 'HEAD') return null
  if (/\/(content|backup|file)$/.test(path)) return { type: 'application/octet-stream', body: well ? ZIP : Buffer.from(spelled(pick(NASTY))) }
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  if (!well && random() < 0.2) return { type: pick(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', '']), body: pick(['{', '[', '{"a":', 'nul', '\u0000', '{"a":1}{', '"'.repeat(100), '['.repeat(20_000)]) }
  if (schema === undefined) return null
  return { type: 'application/json', body: JSON.stringify(well ? good(schema) : bad(schema)) ?? '' }
}

let token = ''
const client = new Client('http://localhost', { socketPath: places(house.house.data).panelSocket, headersTimeout: PATIENCE, bodyTimeout: PATIENCE })
after(() => client.destroy())

type Seen = { status: number; type: string; text: string; whole: boolean; path: string; line: string }

/** Status and the beginning of the answer; what streams without end is left after its first bytes. */
async function send(who: Visitor, call: Call, well: boolean): Promise<Seen> {
  const path = addressed(call, well)
  const sent = body(call, well)
  const headers = who.headers({ origin: who.origin, ...credentials(who, call), ...(sent === null || sent.type === '' ? {} : { 'content-type': sent.type }) })
  const line = `${call.method} ${path} ${sent === null ? '' : String(sent.body).slice(0, 300)}`
  if (UPGRADES.test(call.path) && random() < 0.7) return { ...await upgraded(call.method, path, headers), path, line }
  const answer = await client.request({ method: call.method, path, headers, body: sent?.body ?? null })
  who.keep(answer.headers['set-cookie'])
  let text = ''
  const endless = /event-stream/.test(String(answer.headers['content-type']))
  answer.body.on('error', () => {})
  for await (const chunk of answer.body) {
    text += String(chunk).slice(0, 20_000 - text.length)
    if (endless) break
  }
  return { status: answer.statusCode, type: String(answer.headers['content-type'] ?? ''), text, whole: !endless && text.length < 20_000, path, line }
}

/** A router's username and token, in the way of RFC 7617. */
function credentials(who: Visitor, { path }: Call): Record<string, string> {
  return path.startsWith('/nic/') && who !== stranger ? { authorization: `Basic ${Buffer.from(`alice:${pick([token, 'wrong', ''])}`).toString('base64')}` } : {}
}

/** The same, asking for the other protocol; what comes of that is left at once. */
async function upgraded(method: string, path: string, headers: Record<string, string>): Promise<Omit<Seen, 'path' | 'line'>> {
  const protocol = path.includes('/console') ? { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' } : { upgrade: 'auberge-exec' }
  const asking = request({ socketPath: places(house.house.data).panelSocket, method, path, agent: false, timeout: PATIENCE, headers: { ...headers, connection: 'Upgrade', ...protocol } })
  asking.once('timeout', () => asking.destroy(new Error(`${method} ${path} hangs`))).end()
  const [answer] = await Promise.race([once(asking, 'response'), once(asking, 'upgrade')]) as [IncomingMessage]
  const whole = answer.statusCode === 101 ? '' : await readAll(answer)
  asking.destroy()
  return { status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text: whole, whole: true }
}

/** What no answer says to anybody. */
const SECRETS = [/\bat (file:\/\/|async |\w+ \()/, /node_modules|better-sqlite3|SQLITE_/, /\$scrypt\$/, /registry\/uploads/]
const NOT_FOR_OWNERS = [/\.sock\b/, /"owner":"bob"/, /hush/, new RegExp(house.house.data)]

/** A house without room or pods may say so; nothing else of 500 and above is an answer. */
function isOurs(status: number, text: string): boolean {
  return status < 500 || (status === 503 && /"code":"(unavailable|no_room|wake_failed)"/.test(text))
}

test('every call survives whatever it is sent, and tells nothing', { timeout: 580_000 }, async () => {
  await alice.call('POST', '/api/sites', { name: 'blog' })
  await bob.call('POST', '/api/sites', { name: 'bobs' })
  await bob.call('PATCH', '/api/sites/bobs', { env: { PLAN: 'hush' } })
  token = (await alice.call('POST', '/api/tokens', { name: 'router' })).json<{ token: string }>().token
  const secrets = [bob.jar.get('session') ?? assert.fail('bob is not signed in'), (await bob.call('GET', '/api/sites/bobs')).json<{ database: { password: string } | null }>().database?.password ?? 'none here']
  const { wrong: undescribed } = await house.described()
  const all = await calls()
  assert.ok(all.length > 80, `only ${all.length} calls`)
  const statuses = new Map<number, number>()
  const wrong: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const call of all) {
      const who = pick([stranger, alice, alice, boss])
      // An administrator could end the others, and themselves: what deletes and changes accounts is tried as the owner.
      const safe = who === boss && (call.method === 'DELETE' || (call.method !== 'GET' && /\/api\/(accounts\/\{|account|session)/.test(call.path))) ? alice : who
      const leaves = safe === alice && call.method === 'DELETE' && /^\/api\/(session|sessions|account)$/.test(call.path)
      // All files of all sites: once will do.
      const repeats = round > 0 && call.path === '/api/account/export'
      const { status, type, text, whole, path, line } = await send(leaves || repeats ? stranger : safe, call, random() < 0.4)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const told = (safe === boss ? SECRETS : [...SECRETS, ...NOT_FOR_OWNERS]).find(sign => sign.test(text)) ?? (secrets.some(secret => safe !== boss && text.includes(secret)) ? 'a secret' : null)
      if (!isOurs(status, text)) wrong.push(`${status} ${line}\n${text.slice(0, 300)}`)
      if (told !== null) wrong.push(`${line} tells ${told}`)
      const fault = whole ? undescribed({ method: call.method, path, status, type, text }) : null
      if (fault !== null) wrong.push(`${line}: ${fault}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok((statuses.get(200) ?? 0) > 50, JSON.stringify([...statuses]))
  assert.equal((await stranger.call('GET', '/healthz')).status, 200)
  for (const who of [alice, boss]) assert.equal((await who.call('GET', '/api/session')).status, 200, 'and was there all along')
  assert.equal((await bob.call('GET', '/api/sites/bobs')).status, 200, 'and bob\'s site is as it was')
})
