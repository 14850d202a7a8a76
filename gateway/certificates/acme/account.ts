// Our account with an ACME server: its key, made once and kept, and its URL there. Opened by engine.ts.
import { createHash, createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { Logger } from '../../../wire/log.ts'
import { keep, kept } from '../files.ts'
import { newKey, publicJwk } from './keys.ts'
import { Refusal } from './refusal.ts'
import { sign, type Answer, type Signer, type Transport } from './transport.ts'

/** What the authority gave out of band to bind our account to a customer (RFC 8555 section 7.3.4): `key` is base64url. */
export type Binding = { kid: string; key: string }
/** `url`: null until the server has said it. `next`: a key that replaces `key` as soon as the server knows it (PEM both). */
type Kept = { server: string; key: string; next: string | null; url: string | null; email: string | null }
type Given = { transport: Transport; server: string; directory: string; email: string | null; binding: Binding | null; log: Logger }

export class Account {
  readonly #given: Given
  #kept: Kept
  /** One registration or change at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(given: Given, kept: Kept) {
    this.#given = given
    this.#kept = kept
  }

  /** Asks the server nothing yet: a house starts without it. */
  static async open(given: Given): Promise<Account> {
    const found = await kept<Kept>(fileOf(given))
    if (found && typeof found.key === 'string' && found.server === given.server) {
      return new Account(given, { server: given.server, key: found.key, next: found.next ?? null, url: found.url ?? null, email: found.email ?? null })
    }
    const made: Kept = { server: given.server, key: await newKey(), next: null, url: null, email: null }
    await keep(fileOf(given), made)
    return new Account(given, made)
  }

  get url(): string | null { return this.#kept.url }

  /** What challenges are answered with (RFC 8555 section 8.1). */
  async thumbprint(): Promise<string> {
    return calculateJwkThumbprint(publicJwk(this.#key))
  }

  /** A request of the account's. One that the server has forgotten, as a test server does, is made anew and asks again. */
  async post(url: string, payload: object | null, what: string): Promise<Answer> {
    const { transport } = this.#given
    try {
      return await transport.post(await this.#signer(), url, payload, what)
    } catch (error) {
      if (!(error instanceof Refusal) || error.type !== 'accountDoesNotExist') throw error
      await this.#update({ url: null })
      return transport.post(await this.#signer(), url, payload, what)
    }
  }

  /** A new key for the account (RFC 8555 section 7.3.5). The new one is on disk before the server hears of it: whichever of the two it knows, we have. */
  async rollOver(): Promise<void> {
    await this.#signer()
    await this.#alone(async () => {
      await this.#update({ next: this.#kept.next ?? await newKey() })
      await this.#change()
    })
  }

  get #key(): KeyObject { return createPrivateKey(this.#kept.key) }

  async #signer(): Promise<Signer> {
    const url = await this.#alone(async () => {
      if (this.#kept.next !== null) await this.#finishChange()
      if (this.#kept.url === null) await this.#register()
      else if (this.#kept.email !== this.#given.email) await this.#tellEmail(this.#kept.url)
      return this.#kept.url ?? ''
    })
    return { key: this.#key, header: { kid: url } }
  }

  /** The server answers with the account there is where it knows the key already (RFC 8555 section 7.3). */
  async #register(): Promise<void> {
    const { transport, server, email, log } = this.#given
    const { newAccount } = await transport.directory()
    const payload = { termsOfServiceAgreed: true, contact: contact(email), ...await this.#bound(newAccount) }
    const { location } = await transport.post({ key: this.#key, header: { jwk: publicJwk(this.#key) } }, newAccount, payload, 'an account')
    if (location === null) throw new Refusal({ type: 'malformed', message: 'the ACME server made an account and does not say where' })
    await this.#update({ url: location, email })
    log.info({ server, account: location }, 'has an account with the ACME server')
  }

  async #bound(url: string): Promise<{ externalAccountBinding?: object }> {
    const { binding } = this.#given
    if (binding === null) return {}
    const signer: Signer = { key: createSecretKey(Buffer.from(binding.key, 'base64url')), header: { kid: binding.kid } }
    return { externalAccountBinding: await sign(signer, { url }, publicJwk(this.#key)) }
  }

  async #tellEmail(url: string): Promise<void> {
    const { transport, email } = this.#given
    await transport.post({ key: this.#key, header: { kid: url } }, url, { contact: contact(email) }, 'the contact of the account').catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.type !== 'accountDoesNotExist') throw error
      return this.#update({ url: null })
    })
    await this.#update({ email })
    if (this.#kept.url === null) await this.#register()
  }

  /** After a kill amid a change: the server knows the next key, or doesn't yet. */
  async #finishChange(): Promise<void> {
    if (this.#kept.url === null) return this.#update({ next: null })
    if (await this.#knows(createPrivateKey(this.#kept.next ?? ''))) return this.#settle()
    await this.#change()
  }

  async #knows(key: KeyObject): Promise<boolean> {
    const { transport } = this.#given
    const { newAccount } = await transport.directory()
    const asked = transport.post({ key, header: { jwk: publicJwk(key) } }, newAccount, { onlyReturnExisting: true }, 'the account of a key')
    return asked.then(() => true, (error: unknown) => {
      if (error instanceof Refusal && error.type === 'accountDoesNotExist') return false
      throw error
    })
  }

  async #change(): Promise<void> {
    const { transport, log } = this.#given
    const { url, next } = this.#kept
    const { keyChange } = await transport.directory()
    const key = createPrivateKey(next ?? '')
    const inner = await sign({ key, header: { jwk: publicJwk(key) } }, { url: keyChange }, { account: url, oldKey: publicJwk(this.#key) })
    await transport.post({ key: this.#key, header: { kid: url ?? '' } }, keyChange, inner, 'a new key for the account')
    await this.#settle()
    log.info({ account: url }, 'the account with the ACME server has a new key')
  }

  #settle(): Promise<void> { return this.#update({ key: this.#kept.next ?? this.#kept.key, next: null }) }

  /** On disk first. */
  async #update(change: Partial<Kept>): Promise<void> {
    const next = { ...this.#kept, ...change }
    await keep(fileOf(this.#given), next)
    this.#kept = next
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act, act)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function contact(email: string | null): string[] { return email === null ? [] : [`mailto:${email}`] }

/** Each server has its own account. */
function fileOf({ directory, server }: Given): string {
  return `${directory}/account.${createHash('sha256').update(server).digest('hex').slice(0, 16)}.json`
}
