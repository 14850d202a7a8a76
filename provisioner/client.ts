// The provisioner as control sees it: its verbs over the unix socket. While the provisioner is being restarted, calls wait for it.
import { setTimeout as delay } from 'node:timers/promises'
import type { Space } from '../wire/space.ts'
import type { Duplex, Readable } from 'node:stream'
import { Client, Pool, type Dispatcher } from 'undici'
import { AubergeError, STATUS, type ErrorCode } from '../wire/error.ts'
import { readLines } from '../wire/lines.ts'
import { upgrade } from '../wire/upgrade.ts'
import { content } from './content.ts'
import type { Backup, ExecRequest, FileChange, Held, ImageView, Listing, Pod, PodEvent, Provisioner, Released, SiteSpec, Usage, Woken } from './api.ts'

/** Milliseconds a call waits for a provisioner that isn't there; and between tries. */
const PATIENCE = 15_000
const PAUSE = 25
const ABSENT = new Set(['ECONNREFUSED', 'ENOENT'])
const BROKEN = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

type Body = string | Readable
const ORIGIN = 'http://provisioner'

/** A client of the provisioner that listens on `socket`. `patience`: milliseconds a call waits while it is away. */
export function provisionerClient(socket: string, patience = PATIENCE): Provisioner & { close(): void } {
  const dispatcher = new Agents(socket)
  const call = <T>(path: string, body: unknown = {}) => retried(patience, BROKEN, () => told<T>(dispatcher.calls, path, JSON.stringify(body)))
  const stream = (path: string, body: unknown = {}) => retried(patience, BROKEN, () => streamed(dispatcher, path, JSON.stringify(body)))
  /** What is sent as a stream can be sent once: the wait comes before. */
  const send = async <T>(path: string, body: Readable, headers: Record<string, string> = {}): Promise<T> => {
    await retried(patience, BROKEN, () => told(dispatcher.calls, '/ping', '{}'))
    return sent<T>(dispatcher, path, body, headers).catch(gone)
  }
  return {
    create: (name: string, spec: SiteSpec) => call<Pod>(`/create/${encodeURIComponent(name)}`, spec),
    update: (name: string, spec: SiteSpec) => call<Pod>(`/update/${encodeURIComponent(name)}`, spec),
    wake: (name: string) => call<Woken>(`/wake/${encodeURIComponent(name)}`),
    sleep: (name: string, tier: 'frozen' | 'asleep') => call<Pod>(`/sleep/${encodeURIComponent(name)}`, { tier }),
    destroy: (name: string, how: { description: string } | { purge: true }) => call<{ backup: Backup | null }>(`/destroy/${encodeURIComponent(name)}`, how),
    deploy: (name: string, tar: Readable) => send<Released>(`/deploy/${encodeURIComponent(name)}`, tar),
    rollback: (name: string, release: string) => call<Released>(`/rollback/${encodeURIComponent(name)}`, { release }),
    listFiles: (name: string, path: string) => call<Listing>(`/list-files/${encodeURIComponent(name)}`, { path }),
    readFile: async (name: string, path: string) => content(await stream(`/read-file/${encodeURIComponent(name)}`, { path })),
    writeFile: (name: string, path: string, expected: string, body: Readable) => send<{ version: string }>(`/write-file/${encodeURIComponent(name)}`, body, { 'auberge-file': Buffer.from(JSON.stringify({ path, expected })).toString('base64url') }),
    changeFiles: async (name: string, change: FileChange) => void (await call(`/change-files/${encodeURIComponent(name)}`, change)),
    exec: (name: string, request: ExecRequest) => retried(patience, ABSENT, () => upgraded(dispatcher, `/exec/${encodeURIComponent(name)}`, request)),
    logs: (name: string, options: { follow: boolean }) => stream(`/logs/${encodeURIComponent(name)}`, options),
    backup: (name: string, description: string) => stream(`/backup/${encodeURIComponent(name)}`, { description }),
    stage: (name: string, tar: Readable, disk: number) => send<{ id: string }>(`/stage/${encodeURIComponent(name)}`, tar, { 'auberge-disk': String(disk) }),
    adopt: (name: string, id: string, spec: SiteSpec) => call<Pod>(`/adopt/${encodeURIComponent(name)}`, { id, spec }),
    unstage: async (name: string, id: string) => void (await call(`/unstage/${encodeURIComponent(name)}`, { id })),
    finalBackups: () => call<Backup[]>('/final-backups'),
    finalBackup: (id: string) => stream('/final-backup', { id }),
    dropFinalBackup: async (id: string) => void (await call('/drop-final-backup', { id })),
    usage: (name: string) => call<Usage>(`/usage/${encodeURIComponent(name)}`),
    memory: () => call<Held>('/memory'),
    space: () => call<Space>('/space'),
    list: () => call<Pod[]>('/list'),
    watch: (each: (event: PodEvent) => void, signal: AbortSignal) => void watch(dispatcher, each, signal),
    images: () => call<ImageView[]>('/images'),
    buildImage: (name: string, options: { ifChanged?: boolean } = {}) => stream('/build-image', { name, ...options }),
    removeImage: async (name: string) => void (await call('/remove-image', { name })),
    pinImage: async (name: string, version: number | null) => void (await call('/pin-image', { name, version })),
    close: () => dispatcher.close(),
  }
}

/** As many connections as there are calls at a time: wakes, streams and backups never wait for each other. Streams and upgrades have one of their own. */
class Agents {
  readonly #options: Pool.Options
  readonly #open = new Set<Client>()
  /** For calls that may be sent again, whose connections are kept: making one takes longer than a frozen site needs to be awake. */
  readonly calls: Pool
  constructor(socketPath: string) {
    this.#options = { socketPath, headersTimeout: 0, bodyTimeout: 0, connectTimeout: 5000, pipelining: 1 }
    this.calls = new Pool(ORIGIN, this.#options)
  }

  client(): Client {
    const client = new Client(ORIGIN, this.#options)
    this.#open.add(client)
    return client
  }

  done(client: Client): void {
    this.#open.delete(client)
    client.destroy().catch(() => {})
  }

  close(): void {
    for (const client of this.#open) this.done(client)
    this.calls.destroy().catch(() => {})
  }
}

async function retried<T>(patience: number, codes: Set<string>, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!codes.has(codeOf(error))) return gone(error)
      if (performance.now() > deadline) return gone(error)
      await delay(PAUSE)
    }
  }
}

const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException | null)?.code ?? '')

/** Throws our own errors as they are, and a connection's as `unavailable`. */
function gone(error: unknown): never {
  if (error instanceof AubergeError) throw error
  throw new AubergeError('unavailable', `the provisioner doesn't answer (${(error as Error).message}); it is being restarted, try again in a moment`, { cause: error })
}

async function told<T>(dispatcher: Dispatcher, path: string, body: Body, headers: Record<string, string> = {}): Promise<T> {
  const answer = await requested(dispatcher, path, body, { headers })
  return (await answer.body.json()) as T
}

async function sent<T>(agents: Agents, path: string, body: Readable, headers: Record<string, string>): Promise<T> {
  const client = agents.client()
  try {
    return await told<T>(client, path, body, headers)
  } finally {
    agents.done(client)
  }
}

async function streamed(agents: Agents, path: string, body: Body): Promise<Readable> {
  const client = agents.client()
  try {
    const { body: answer } = await requested(client, path, body)
    answer.once('close', () => agents.done(client))
    return answer
  } catch (error) {
    agents.done(client)
    throw error
  }
}

type Sending = { headers?: Record<string, string>; signal?: AbortSignal }

async function requested(client: Dispatcher, path: string, body: Body, { headers = {}, signal }: Sending = {}): Promise<Dispatcher.ResponseData> {
  const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream'
  const answer = await client.request({ method: 'POST', path, body, headers: { 'content-type': type, ...headers }, ...(signal ? { signal } : {}) })
  if (answer.statusCode !== 200) throw errorOf(await answer.body.text())
  return answer
}

/** The AubergeError the server wrote. */
function errorOf(text: string): AubergeError {
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string } }
    if (Object.hasOwn(STATUS, error.code)) return new AubergeError(error.code, error.message)
  } catch { /* not ours: said below */ }
  return new AubergeError('failed', `the provisioner answered what can't be understood: ${text.slice(0, 200)}`)
}

async function upgraded(agents: Agents, path: string, request: ExecRequest): Promise<Duplex> {
  const client = agents.client()
  const headers = { 'auberge-exec': Buffer.from(JSON.stringify(request)).toString('base64url') }
  try {
    return await joined(client, path, headers, () => agents.done(client))
  } catch (error) {
    agents.done(client)
    throw error
  }
}

async function joined(client: Client, path: string, headers: Record<string, string>, done: () => void): Promise<Duplex> {
  const answer = await upgrade(client, { method: 'GET', path, headers, protocol: 'auberge-exec' })
  if (!('socket' in answer)) throw errorOf(answer.text)
  answer.socket.once('close', done)
  return answer.socket
}

/** Follows /events for as long as `signal` lets it, from a new connection whenever one ends. */
async function watch(agents: Agents, each: (event: PodEvent) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await followed(agents, each, signal).catch(() => {})
    await delay(PAUSE * 4, undefined, { signal }).catch(() => {})
  }
}

async function followed(agents: Agents, each: (event: PodEvent) => void, signal: AbortSignal): Promise<void> {
  const client = agents.client()
  try {
    const { body } = await requested(client, '/events', '{}', { signal })
    await new Promise<void>(resolve => {
      body.once('close', resolve).on('error', () => {})
      readLines<PodEvent>(body, each)
    })
  } finally {
    agents.done(client)
  }
}
