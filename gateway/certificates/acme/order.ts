// One order of one certificate, from the first request to the chain (RFC 8555 section 7.4). Every step is on disk before the next is taken, so that after a kill the
// order is gone on with, or begun anew where the server has given it up. Run by engine.ts.
import { forget, keep, kept } from '../files.ts'
import { Authorizations } from './authorizations.ts'
import { bare, best, check } from './chains.ts'
import type { Solver } from './challenge.ts'
import { newKey, requestFor } from './keys.ts'
import { Refusal, refused, type Problem } from './refusal.ts'
import { poll, type OrderParts } from './steps.ts'
import { parsed, type Answer } from './transport.ts'

/** `key`: PEM, made for this order and used for its certificate only. `url`: null until the server has made the order. */
type Draft = { identifiers: string[]; server: string; key: string; url: string | null }
export type Issued = { key: string; chain: string }
/** `replaces`: the ARI identifier of the certificate that this one follows (RFC 9773 section 5). `issuer`: whom the chain should end with. */
export type Wish = { identifiers: string[]; solver: Solver; replaces?: string | null; profile?: string | null; issuer?: string | null }

/** A server asks for one of each name. */
const MOST_AUTHORIZATIONS = 100

type Status = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
type Found = { status: Status; authorizations: string[]; finalize: string; certificate: string | null; error: Problem | null; retryAt: number | null }

export class Order {
  readonly #file: string
  readonly #parts: OrderParts
  readonly #wish: Wish

  constructor(file: string, wish: Wish, parts: OrderParts) {
    this.#file = file
    this.#wish = wish
    this.#parts = parts
  }

  /** The order's end. What the server refuses for good ends it; after what may pass (`unreachable`, a deadline, a solver that can't) the next run goes on with it. One that was gone on with and refused is begun anew, once. */
  async run(): Promise<Issued> {
    const draft = await this.#draft()
    try {
      return await this.#finish(draft)
    } catch (error) {
      if (!(error instanceof Refusal) || passes(error)) throw error
      await forget(this.#file)
      // What was interrupted may have come to a bad end by that alone: nobody showed what the server looked for.
      if (draft.url === null) throw error
      return this.run()
    }
  }

  /** Its certificate is kept: the order isn't needed any more. */
  done(): Promise<void> { return forget(this.#file) }

  async #draft(): Promise<Draft> {
    const found = await kept<Draft>(this.#file)
    const { identifiers } = this.#wish
    if (found && typeof found.key === 'string' && found.server === this.#parts.server && `${found.identifiers}` === `${identifiers}`) {
      return { identifiers, server: found.server, key: found.key, url: found.url ?? null }
    }
    return this.#begin()
  }

  async #begin(): Promise<Draft> {
    const draft: Draft = { identifiers: this.#wish.identifiers, server: this.#parts.server, key: await newKey(), url: null }
    await keep(this.#file, draft)
    this.#parts.reached('begun')
    return draft
  }

  async #finish(draft: Draft): Promise<Issued> {
    const { draft: mine, url } = await this.#known(draft)
    let order = await this.#look(url)
    if (order.status === 'pending') order = await this.#prove(url, order)
    if (order.status === 'ready') await this.#finalize(order, mine)
    order = await this.#until(url, ['valid'])
    const chain = await this.#download(order.certificate ?? '')
    check(chain, mine.key, mine.identifiers)
    this.#parts.reached('downloaded')
    return { key: mine.key, chain }
  }

  /** The order at the server: the one of before, where that is still good for something. */
  async #known(draft: Draft): Promise<{ draft: Draft; url: string }> {
    if (draft.url !== null) {
      const usable = await this.#look(draft.url).then(({ status }) => status !== 'invalid', (error: unknown) => {
        if (error instanceof Refusal && passes(error)) throw error
        return false
      })
      if (usable) return { draft, url: draft.url }
      return this.#known(await this.#begin())
    }
    const url = await this.#place()
    await keep(this.#file, { ...draft, url })
    this.#parts.reached('ordered')
    return { draft: { ...draft, url }, url }
  }

  async #place(): Promise<string> {
    const { account, transport } = this.#parts
    const { identifiers, replaces, profile } = this.#wish
    const { newOrder, renewalInfo } = await transport.directory()
    const wanted = { identifiers: identifiers.map(value => ({ type: 'dns', value })), ...(profile ? { profile } : {}) }
    const follows = replaces && renewalInfo ? { replaces } : {}
    const place = (more: object): Promise<Answer> => account.post(newOrder, { ...wanted, ...more }, this.#what)
    const { location } = await place(follows).catch((error: unknown) => {
      // A predecessor that the server knows nothing of, or has replaced already, must not stand in the way (RFC 9773 section 5).
      if (!('replaces' in follows) || !(error instanceof Refusal) || !['alreadyReplaced', 'malformed', 'unauthorized', 'notFound'].includes(error.type)) throw error
      return place({})
    })
    if (location === null) throw new Refusal({ type: 'malformed', message: `${this.#what}: the ACME server does not say where the order is` })
    return location
  }

  async #prove(url: string, { authorizations }: Found): Promise<Found> {
    const { solver } = this.#wish
    if (authorizations.length > MOST_AUTHORIZATIONS) throw new Refusal({ type: 'malformed', message: `${this.#what}: the ACME server wants ${authorizations.length} proofs of ${this.#wish.identifiers.length} names` })
    await new Authorizations(solver, this.#parts, this.#wish.identifiers).prove(authorizations)
    return this.#until(url, ['ready', 'processing', 'valid'])
  }

  async #finalize({ finalize }: Found, { identifiers, key }: Draft): Promise<void> {
    await this.#parts.account.post(finalize, { csr: requestFor(identifiers, key) }, this.#what)
    this.#parts.reached('finalized')
  }

  async #download(url: string): Promise<string> {
    const { account } = this.#parts
    const first = await account.post(url, null, this.#what)
    return bare(await best(first, this.#wish.issuer ?? null, other => account.post(other, null, this.#what)))
  }

  async #look(url: string): Promise<Found> {
    const answer = await this.#parts.account.post(url, null, this.#what)
    const found = parsed(answer.body) as Partial<Found>
    return {
      status: found.status ?? 'pending', authorizations: Array.isArray(found.authorizations) ? found.authorizations.filter(each => typeof each === 'string') : [],
      finalize: found.finalize ?? '', certificate: found.certificate ?? null, error: found.error ?? null, retryAt: answer.retryAt,
    }
  }

  async #until(url: string, wanted: Status[]): Promise<Found> {
    return poll<Found>(this.#parts, async () => {
      const order = await this.#look(url)
      if (order.status === 'invalid') throw refused(this.#what, order.error ?? {}, order.retryAt)
      return wanted.includes(order.status) ? { done: order } : { retryAt: order.retryAt }
    })
  }

  get #what(): string { return this.#parts.what }
}

/** Whether the same order may yet come to its end. */
export function passes({ type }: Refusal): boolean {
  return ['unreachable', 'serverInternal', 'rateLimited', 'untrusted', 'slow'].includes(type)
}

