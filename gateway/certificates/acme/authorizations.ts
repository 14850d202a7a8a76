// Proves to an ACME server that names are ours: shows what it wants to see, tells it to look, waits for its verdict, clears away (RFC 8555 section 7.5). Called by order.ts.
import { challengeOf, type Challenge, type Solver } from './challenge.ts'
import { refused, Refusal, type Problem } from './refusal.ts'
import { poll, type OrderParts } from './steps.ts'
import { parsed } from './transport.ts'

type Offer = { type: string; url: string; token: string; status: string; error: Problem | null }
type Authorization = { url: string; status: string; domain: string; challenges: Offer[]; retryAt: number | null }
/** What is to be shown for one authorization. */
type Task = { authorization: Authorization; offer: Offer; challenge: Challenge }

export class Authorizations {
  readonly #solver: Solver
  readonly #parts: OrderParts
  readonly #names: string[]

  /** `identifiers`: those of the order; nothing is shown for another name. */
  constructor(solver: Solver, parts: OrderParts, identifiers: string[]) {
    this.#solver = solver
    this.#parts = parts
    this.#names = identifiers.map(each => each.replace(/^\*\./, ''))
  }

  /** Throws the Refusal of the first name that the server doesn't believe. Whatever was shown is cleared away. */
  async prove(urls: string[]): Promise<void> {
    const tasks = await this.#tasks(urls)
    try {
      // All before the first look: a wildcard and its apex are two values of one name.
      for (const { challenge } of tasks) await this.#solver.present(challenge)
      this.#parts.reached('presented')
      for (const task of tasks) await this.#answer(task)
      this.#parts.reached('answered')
      for (const task of tasks) await this.#verdict(task)
      this.#parts.reached('validated')
    } finally {
      for (const { challenge } of tasks) await this.#solver.cleanup(challenge)
    }
    this.#parts.reached('cleaned')
  }

  /** Names that the server believes already, from an order before, need nothing. */
  async #tasks(urls: string[]): Promise<Task[]> {
    const all = await Promise.all(urls.map(url => this.#look(url)))
    const thumbprint = await this.#parts.account.thumbprint()
    return all.filter(({ status }) => status !== 'valid').map(authorization => {
      const offer = this.#offer(authorization)
      return { authorization, offer, challenge: challengeOf(this.#solver.type, authorization.domain, offer.token, thumbprint) }
    })
  }

  #offer({ status, domain, challenges }: Authorization): Offer {
    if (!this.#names.includes(domain)) throw new Refusal({ type: 'malformed', message: `${this.#parts.what}: the ACME server wants a proof of ${JSON.stringify(domain.slice(0, 100))}, which nobody asked for` })
    const failed = challenges.find(({ error }) => error !== null)
    if (status !== 'pending') throw refused(`${this.#parts.what}, ${domain}`, failed?.error ?? { detail: `the authorization is ${status}` }, null)
    const offer = challenges.find(({ type }) => type === this.#solver.type)
    if (offer && /^[A-Za-z0-9_-]{1,200}$/.test(offer.token)) return offer
    const offered = challenges.map(({ type }) => type).join(', ')
    throw new Refusal({ type: 'unoffered', message: `${this.#parts.what}: the ACME server lets ${domain} be proven by ${offered || 'nothing'}, and here it would be by ${this.#solver.type}` })
  }

  /** After a kill it may have been told already. */
  async #answer({ offer }: Task): Promise<void> {
    if (offer.status === 'pending') await this.#parts.account.post(offer.url, {}, this.#parts.what)
  }

  async #verdict({ authorization: { url, domain } }: Task): Promise<void> {
    const what = `${this.#parts.what}, ${domain}`
    await poll({ ...this.#parts, what }, async () => {
      const { status, challenges, retryAt } = await this.#look(url)
      if (status === 'valid') return { done: true }
      if (status === 'pending' || status === 'processing') return { retryAt }
      throw refused(what, challenges.find(({ error }) => error !== null)?.error ?? { detail: `the authorization is ${status}` }, retryAt)
    })
  }

  async #look(url: string): Promise<Authorization> {
    const answer = await this.#parts.account.post(url, null, this.#parts.what)
    const { status, identifier, challenges } = parsed(answer.body) as { status?: string; identifier?: { value?: string }; challenges?: Partial<Offer>[] }
    const offers = (Array.isArray(challenges) ? challenges : []).map(({ type = '', url = '', token = '', status = 'pending', error = null }) => ({ type, url, token, status, error }))
    return { url, status: status ?? 'pending', domain: String(identifier?.value ?? '').toLowerCase(), challenges: offers, retryAt: answer.retryAt }
  }
}
