// The way to the house: HTTP over the admin socket, whose directory only root and control may enter. Used by every verb.
import { Client, type Dispatcher } from 'undici'
import type { Duplex, Readable } from 'node:stream'
import { AubergeError, STATUS, type ErrorCode } from '../wire/error.ts'
import { upgrade } from '../wire/upgrade.ts'
import { LONGEST_SOCKET } from '../wire/users.ts'
import { places } from '../wire/house.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Ask = { json?: unknown; body?: Readable; type?: string; signal?: AbortSignal }
type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'body'>

export class Admin {
  readonly #client: Client
  readonly #data: string

  constructor(data: string) {
    const socketPath = places(data).adminSocket
    if (Buffer.byteLength(socketPath) > LONGEST_SOCKET) throw new AubergeError('bad_request', `${data} is too long a path for a house; see --data`)
    this.#data = data
    // A wake, a build or an upload may take its time: the house has the deadlines.
    this.#client = new Client('http://localhost', { socketPath, headersTimeout: 0, bodyTimeout: 0 })
  }

  /** The JSON answer of a call; undefined for 204. Throws the house's error, or `unavailable` where there is no house. */
  async json<T>(method: Method, path: string, ask: Ask = {}): Promise<T> {
    const { statusCode, body } = await this.#ask(method, path, ask)
    const text = await body.text()
    return (statusCode === 204 || text === '' ? undefined : JSON.parse(text)) as T
  }

  /** The answer's body as it comes. */
  async stream(method: Method, path: string, ask: Ask = {}): Promise<Readable> {
    return (await this.#ask(method, path, ask)).body
  }

  /** A socket whose protocol was switched. */
  async upgrade(path: string, protocol: string): Promise<Duplex> {
    const answer = await upgrade(this.#client, { method: 'POST', path, protocol }).catch(error => { throw this.#unreachable(error) })
    if ('socket' in answer) return answer.socket
    throw errorOf(answer.status, answer.text)
  }

  /** What `/healthz` says, with status 200 or 503 alike. */
  async health<T>(): Promise<T> {
    return (await (await this.#send('GET', '/healthz', {})).body.json()) as T
  }

  close(): Promise<void> {
    return this.#client.destroy()
  }

  async #ask(method: Method, path: string, ask: Ask): Promise<Answer> {
    const answer = await this.#send(method, path, ask)
    if (answer.statusCode >= 400) throw errorOf(answer.statusCode, await answer.body.text())
    return answer
  }

  async #send(method: Method, path: string, { json, body, type, signal }: Ask): Promise<Answer> {
    const headers = { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...(type === undefined ? {} : { 'content-type': type }) }
    const sent = json === undefined ? body ?? null : JSON.stringify(json)
    return this.#client.request({ method, path, headers, body: sent, signal: signal ?? null }).catch(error => { throw this.#unreachable(error) })
  }

  #unreachable(error: NodeJS.ErrnoException): Error {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return new AubergeError('unavailable', `no Auberge runs with ${this.#data}; start one with auberge up, or name another with --data`)
    if (error.code === 'EACCES') return new AubergeError('forbidden', `${this.#data} belongs to another user; run this as root`)
    return error
  }
}

/** The house's own error out of an answer, or what the status says. */
function errorOf(status: number, text: string): AubergeError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    const code = error.code in STATUS ? (error.code as ErrorCode) : 'failed'
    return new AubergeError(code, error.message)
  } catch {
    return new AubergeError('failed', `the house answered ${status}: ${text.slice(0, 200) || 'nothing'}`)
  }
}
