// A house for tests: the real registry, control, panel and relay over sockets in a directory of its own, and real pods where a test brings them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Client, request, type Dispatcher } from 'undici'
import { openArchive } from '../../../gateway/archive/archive.ts'
import { assemble } from '../../../gateway/control/assemble.ts'
import { servePanel } from '../../../gateway/panel/serve.ts'
import type { Provisioner } from '../../../provisioner/api.ts'
import { openRegistry } from '../../../registry/open.ts'
import { places, type House } from '../../../wire/house.ts'
import { describedAs, type Described } from './described.ts'
import { openRelay } from './relay.ts'

export const PASSWORD = 'seven wet umbrellas'

/** `openPods` gives the house sites that run; without it, it is one with runtime `none`. */
export async function openHouse(options: Partial<House> = {}, openPods: OpenPods | null = null) {
  const data = await mkdtemp(join(tmpdir(), 'aub-'))
  const closers: Close[] = [() => rm(data, { recursive: true, force: true })]
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => (closed ??= inTurn(closers))
  try {
    return { ...await furnish(data, options, openPods, closers), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Close = () => Promise<unknown> | void
export type OpenPods = (data: string) => Promise<{ provisioner: Provisioner; close(): Promise<void> }>

async function furnish(data: string, options: Partial<House>, openPods: OpenPods | null, closers: Close[]) {
  const log = pino({ level: 'silent' })
  const relay = await openRelay()
  closers.unshift(relay.close)
  const house = houseIn(data, { http: [{ address: '127.0.0.1', port: relay.port }], runtime: openPods ? 'crun' : 'none', ...options })
  const pods = openPods ? await openPods(data) : null
  if (pods) closers.unshift(pods.close)
  const registry = openRegistry(places(data).registry)
  closers.unshift(() => registry.close())
  const control = await assemble({ house, registry, provisioner: pods?.provisioner ?? null, log, archive: openArchive })
  closers.unshift(control.close)
  const panel = await servePanel({ house, registry, desk: control.desk, log })
  closers.unshift(panel.close)
  await relay.join(places(data).routesSocket)
  const connect = (socketPath: string): Client => {
    const client = new Client('http://localhost', { socketPath })
    closers.unshift(() => client.destroy())
    return client
  }
  const described = (): Promise<Described> => (description ??= describe(connect(places(data).adminSocket)))
  const visitor = (forwarded: Forwarded = {}) => new Visitor(connect(places(data).panelSocket), hostOf(house, forwarded), forwarded, described)
  const console = () => new Visitor(connect(places(data).adminSocket), 'localhost', null, described)
  return { house, described, port: relay.port, registry, desk: control.desk, panel, visitor, console, page: (site: string) => page(relay.port, `${site}.${house.zone}`) }
}

/** The API's description of itself, which is every house's. */
let description: Promise<Described> | null = null

async function describe(console: Client): Promise<Described> {
  const { body } = await console.request({ method: 'GET', path: '/api/openapi.json' })
  return describedAs(await body.text())
}

export type TestHouse = Awaited<ReturnType<typeof openHouse>>

async function inTurn(closers: Close[]): Promise<void> {
  for (const close of closers) await close()
}

function houseIn(data: string, options: Partial<House>): House {
  return {
    zone: 'localhost', data, http: [], https: [], dns: [], sides: [], publicIpv4: '127.0.0.1', publicIpv6: null, ipv6Prefix: null,
    runtime: 'none', routes: [], workers: 1, signup: 'open', idle: 300_000, memoryBudget: 2 ** 30, trustedProxies: [], proxyProtocol: false, h2c: false, acme: 'internal', secondaries: [], resolvers: [], dnssec: false, redirectHttps: 'off',
    demo: false, json: false, ...options,
  }
}

/** The host as a browser writes it. */
function hostOf({ zone, http }: House, { scheme = 'http', host }: Forwarded): string {
  return host ?? (scheme === 'https' ? zone : `${zone}:${http[0]?.port}`)
}

/** A site's first page, through the relay. */
async function page(port: number, host: string): Promise<string> {
  const { body } = await request(`http://127.0.0.1:${port}/`, { headers: { host }, reset: true })
  return body.text()
}

/** What the relay says of a visitor. */
export type Forwarded = { address?: string; scheme?: string; host?: string }
export type Answer = { status: number; headers: Dispatcher.ResponseData['headers']; text: string; json: <T = Record<string, unknown>>() => T }
type Send = { headers?: Record<string, string>; body?: Dispatcher.DispatchOptions['body'] }

/** Somebody who sends requests as the relay forwards them, keeps cookies as a browser does, and holds each answer to the API's description. `null` forwarded: the command line. */
export class Visitor {
  readonly client: Client
  readonly jar = new Map<string, string>()
  readonly origin: string
  readonly #forwarded: Record<string, string>
  readonly #described: () => Promise<Described>

  constructor(client: Client, host: string, forwarded: Forwarded | null, described: () => Promise<Described>) {
    const { address = '203.0.113.7', scheme = 'http' } = forwarded ?? {}
    this.client = client
    this.#described = described
    this.origin = `${scheme}://${host}`
    this.#forwarded = forwarded === null ? {} : { host, 'x-forwarded-for': address, 'x-forwarded-proto': scheme, 'x-forwarded-host': host }
  }

  headers(more: Record<string, string> = {}): Record<string, string> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    return { ...this.#forwarded, ...(cookie === '' ? {} : { cookie }), ...more }
  }

  async send(method: Dispatcher.HttpMethod, path: string, { headers = {}, body = null }: Send = {}): Promise<Answer> {
    const answer = await this.client.request({ method, path, headers: this.headers(headers), body })
    this.keep(answer.headers['set-cookie'])
    const text = await answer.body.text()
    const wrong = (await this.#described()).wrong({ method, path, status: answer.statusCode, type: String(answer.headers['content-type'] ?? ''), text })
    if (wrong !== null) throw new Error(wrong)
    return { status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) }
  }

  /** A call of the API as a page of the panel makes it: JSON, with Origin. */
  call(method: Dispatcher.HttpMethod, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
    return this.send(method, path, { headers: { origin: this.origin, ...type, ...headers }, body: json === undefined ? null : JSON.stringify(json) })
  }

  /** A form sent by a browser without JavaScript. */
  form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, { headers: { origin: this.origin, 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(fields).toString() })
  }

  async signUp(username: string): Promise<this> {
    await this.call('POST', '/api/accounts', { username, password: PASSWORD })
    return this.signIn(username)
  }

  async signIn(username: string): Promise<this> {
    const { status, text } = await this.call('POST', '/api/session', { username, password: PASSWORD })
    if (status !== 200) throw new Error(text)
    return this
  }

  keep(header: string | string[] | undefined): void {
    for (const line of [header ?? []].flat()) {
      const [pair = '', ...flags] = line.split('; ')
      const at = pair.indexOf('=')
      if (flags.some(flag => /^expires=thu, 01 jan 1970/i.test(flag))) this.jar.delete(pair.slice(0, at))
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
}

/** `alice` and `bob` signed in, and `boss`, an administrator. */
export async function people(house: TestHouse) {
  const alice = await house.visitor().signUp('alice')
  const bob = await house.visitor().signUp('bob')
  await house.registry.accounts.create({ username: 'boss', password: PASSWORD, role: 'admin' })
  const boss = await house.visitor().signIn('boss')
  return { alice, bob, boss, stranger: house.visitor() }
}
