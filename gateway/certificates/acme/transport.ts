// How we speak with an ACME server: its directory, its nonces, signed requests (RFC 8555 section 6). One for each server; made by engine.ts.
import type { KeyObject } from 'node:crypto'
import { FlattenedSign, type JWSHeaderParameters } from 'jose'
import { Agent, request, type Dispatcher } from 'undici'
import { refused, Refusal, type Problem } from './refusal.ts'

/** Milliseconds between two signs of life of the server. */
const PATIENCE = 30_000
/** Bytes of one answer. A chain has about 6,000. */
const MOST = 2 ** 20
/** How often a nonce may be refused for one request: with one in twenty, as Pebble does, that is one request in 10^13. */
const NONCES = 10
/** Milliseconds a directory is believed. */
const DIRECTORY_LIFE = 3600 * 1000
/** Nonces kept for later; they age. */
const SPARE = 5

const JOSE = 'application/jose+json'
const AGENT = 'auberge (ACME client)'

/** Who signs: the account's URL once there is one (`kid`), before that the public key itself. */
export type Signer = { key: KeyObject; header: { kid: string } | { jwk: JWSHeaderParameters['jwk'] } }
export type Answer = { status: number; body: string; location: string | null; links: string[]; retryAt: number | null }
export type Directory = { newNonce: string; newAccount: string; newOrder: string; revokeCert: string; keyChange: string; renewalInfo: string | null; profiles: string[] }

export class Transport {
  readonly #url: string
  readonly #agent: Agent
  readonly #now: () => number
  readonly #patience: number
  readonly #nonces: string[] = []
  readonly #closing = new AbortController()
  #directory: { content: Promise<Directory>; at: number } | null = null
  /** The server's clock and both of ours when it last answered. */
  #clocks: { server: number; ours: number; steady: number } | null = null

  /** `ca`: PEM of who may have signed the server's own certificate, instead of those Node knows. `patience`: milliseconds between two signs of life, and half of what a request may take in all. */
  constructor({ url, ca, now = Date.now, patience = PATIENCE }: { url: string; ca: string | null; now?: () => number; patience?: number }) {
    this.#url = url
    this.#now = now
    this.#patience = patience
    this.#agent = new Agent({ connect: { ...(ca === null ? {} : { ca }), timeout: patience }, headersTimeout: patience, bodyTimeout: patience, maxResponseSize: MOST, keepAliveTimeout: 10_000 })
  }

  /**
   * Milliseconds by which the server's clock is ahead of ours; null before it has answered. Of two opinions the milder one: our clock may have been set right since,
   * and the steady one stands still while a machine is suspended.
   */
  get skew(): number | null {
    if (!this.#clocks) return null
    const { server, ours, steady } = this.#clocks
    const [then, now] = [server - ours, server + performance.now() - steady - this.#now()]
    return Math.abs(then) < Math.abs(now) ? then : now
  }

  async directory(): Promise<Directory> {
    if (this.#directory && this.#now() - this.#directory.at < DIRECTORY_LIFE) return this.#directory.content
    const made = { content: this.#fetchDirectory(), at: this.#now() }
    made.content.catch(() => { if (this.#directory === made) this.#directory = null })
    this.#directory = made
    return made.content
  }

  /** POST-as-GET where `payload` is null (RFC 8555 section 6.3). Throws a Refusal for anything but success. `what`: what is asked for, for people. */
  async post(signer: Signer, url: string, payload: object | null, what: string): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const body = JSON.stringify(await sign(signer, { url, nonce: await this.#nonce() }, payload))
      const answer = await this.#send('POST', url, body)
      if (isSuccess(answer)) return answer
      const problem = problemOf(answer.body)
      if (problem.type !== 'urn:ietf:params:acme:error:badNonce' || tries === NONCES) throw this.#refusal(what, answer, problem)
    }
  }

  /** What needs no signature: the directory, renewal information. */
  async get(url: string, what: string): Promise<Answer> {
    const answer = await this.#send('GET', url)
    if (isSuccess(answer)) return answer
    throw this.#refusal(what, answer, problemOf(answer.body))
  }

  close(): Promise<void> {
    this.#closing.abort()
    return this.#agent.destroy()
  }

  async #fetchDirectory(): Promise<Directory> {
    const { body } = await this.get(this.#url, `the directory ${this.#url}`)
    const found = parsed(body)
    const at = (name: string): string => secure(found[name]) ?? fail(`${this.#url} is no ACME directory: it has no ${name}`)
    const meta = (found.meta ?? {}) as { profiles?: object }
    return {
      newNonce: at('newNonce'), newAccount: at('newAccount'), newOrder: at('newOrder'), revokeCert: at('revokeCert'), keyChange: at('keyChange'),
      renewalInfo: secure(found.renewalInfo), profiles: Object.keys(meta.profiles ?? {}),
    }
  }

  /** Every answer brings one; where none is left, one is asked for (RFC 8555 section 7.2). */
  async #nonce(): Promise<string> {
    const spare = this.#nonces.pop()
    if (spare !== undefined) return spare
    const { newNonce } = await this.directory()
    await this.#send('HEAD', newNonce)
    return this.#nonces.pop() ?? fail('the ACME server gives no nonces')
  }

  async #send(method: 'GET' | 'HEAD' | 'POST', url: string, body?: string): Promise<Answer> {
    if (secure(url) === null) fail(`the ACME server names an address that is not https: ${url.slice(0, 100)}`)
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(2 * this.#patience)])
      const headers = { 'user-agent': AGENT, ...(body === undefined ? {} : { 'content-type': JOSE }) }
      return await this.#read(await request(url, { method, headers, ...(body === undefined ? {} : { body }), dispatcher: this.#agent, signal }))
    } catch (error) {
      throw unreachable(url, error)
    }
  }

  async #read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
    const nonce = one(headers['replay-nonce'])
    if (nonce !== null && this.#nonces.length < SPARE) this.#nonces.push(nonce)
    const date = Date.parse(one(headers.date) ?? '')
    if (!Number.isNaN(date)) this.#clocks = { server: date, ours: this.#now(), steady: performance.now() }
    const text = await body.text()
    const links = [headers.link ?? []].flat()
    return { status: statusCode, body: text, location: one(headers.location), links, retryAt: retryAt(one(headers['retry-after']), this.#now()) }
  }

  /** A 429 or a 503 without a document means what its status says. */
  #refusal(what: string, { status, retryAt }: Answer, problem: Problem): Refusal {
    if (typeof problem.type === 'string') return refused(what, problem, retryAt)
    const type = status === 429 ? 'rateLimited' : status >= 500 ? 'serverInternal' : 'malformed'
    return new Refusal({ type, message: `${what}: the ACME server answers with status ${status} and no reason`, retryAt })
  }
}

/** A redirect isn't followed: where else a server may be is for whoever names it with --acme. */
function isSuccess({ status }: Answer): boolean { return status >= 200 && status < 300 }

/** A flattened JWS (RFC 8555 section 6.2); without a nonce where it is one inside another. */
export async function sign({ key, header }: Signer, more: { url: string; nonce?: string }, payload: object | null): Promise<object> {
  const bytes = new TextEncoder().encode(payload === null ? '' : JSON.stringify(payload))
  return new FlattenedSign(bytes).setProtectedHeader({ alg: key.type === 'secret' ? 'HS256' : 'ES256', ...header, ...more }).sign(key)
}

/** An answer that should be a JSON object. */
export function parsed(body: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(body)
    if (typeof found === 'object' && found !== null) return found as Record<string, unknown>
  } catch {
    // Said below.
  }
  return fail('the ACME server answers something that is no JSON')
}

function problemOf(body: string): Problem {
  try {
    return (JSON.parse(body) ?? {}) as Problem
  } catch {
    return {}
  }
}

/** Seconds or a date (RFC 9110 section 10.2.3), as epoch milliseconds. */
export function retryAt(text: string | null, now: number): number | null {
  if (text === null) return null
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(at) ? null : at
}

function one(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null
}

/** RFC 8555 section 6.1: nothing but HTTPS. */
function secure(url: unknown): string | null {
  return typeof url === 'string' && URL.canParse(url) && url.startsWith('https://') ? url : null
}

function fail(message: string): never {
  throw new Refusal({ type: 'malformed', message })
}

const UNTRUSTED = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/

function unreachable(url: string, error: unknown): Refusal {
  const { code = '', message } = error as { code?: string; message: string }
  const { host } = new URL(url)
  return UNTRUSTED.test(code)
    ? new Refusal({ type: 'untrusted', message: `the certificate of the ACME server ${host} can't be believed (${code}: ${message})`, cause: error })
    : new Refusal({ type: 'unreachable', message: `the ACME server ${host} can't be reached (${code || message})`, cause: error })
}
