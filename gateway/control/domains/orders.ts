// Certificates of an ACME server for custom domains: ordered for those that are proven and lead here, in their account's name, and revoked when a domain is given
// back. Made by assemble.ts where the house has an ACME server.
import type { Domain } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { Challenge, Solver } from '../../certificates/acme/challenge.ts'
import type { Schedule } from '../../certificates/acme/schedule.ts'
import type { Certificates } from '../../certificates/certificates.ts'
import type { Challenges } from '../../certificates/challenges.ts'
import { isIn } from '../../certificates/names.ts'
import type { Parts } from '../parts.ts'
import type { Domains } from './domains.ts'

/** Why a certificate is revoked: its holder has given the name up (RFC 5280 section 5.3.1). */
const GIVEN_UP = 5

type OrderParts = Pick<Parts, 'house' | 'registry' | 'relays' | 'table' | 'log'> & { schedule: Schedule; certificates: Certificates; challenges: Challenges; domains: Domains }

export class Orders {
  readonly #parts: OrderParts
  /** In the order they are tried. What nobody can reach proves nothing: with HTTP off, the handshake alone does. */
  readonly #solvers: Solver[]

  constructor(parts: OrderParts) {
    this.#parts = parts
    const { house, challenges, relays } = parts
    const shown = [...(house.http.length > 0 ? [challenges.http01(relays)] : []), challenges.tlsAlpn01(relays)]
    this.#solvers = shown.map(one => ({ ...one, present: challenge => this.#present(one, challenge) }))
  }

  /** Orders what is missing, from now on as domains come, lead here and go. */
  start(): void {
    const { registry, domains, table, house } = this.#parts
    for (const one of [...registry.domains.walkHeld()]) this.#consider(one)
    domains.follow(site => { for (const one of registry.domains.ofSite(site)) this.#consider(one) })
    table.follow(change => { if (change.type === 'gone' && !isIn(house.zone, change.host)) this.#drop(change.host, GIVEN_UP) })
  }

  #consider({ domain, account, state, strayedAt }: Domain): void {
    const { schedule, log } = this.#parts
    if (state === 'lapsed') return this.#drop(domain, null)
    if (state !== 'verified' || strayedAt !== null) return
    schedule.want({ identifiers: [domain], solvers: this.#solvers, account }).catch((error: unknown) => { log.error({ err: error, domain }, 'no certificate could be ordered for a domain') })
  }

  #drop(domain: string, why: typeof GIVEN_UP | null): void {
    const { schedule, certificates, log } = this.#parts
    certificates.withdraw(domain)
    schedule.drop(domain, why).catch((error: unknown) => { log.error({ err: error, domain }, 'the certificate of a domain could not be given up') })
  }

  /** Nothing is asked of the server for a domain that leads elsewhere by now: it would refuse, and count it. */
  async #present(shown: Solver, challenge: Challenge): Promise<void> {
    const { domain } = challenge
    if (!await this.#parts.domains.leadsHere(domain)) throw new AubergeError('conflict', `${domain} is no site's here, or leads elsewhere: no certificate is ordered until it does`)
    await shown.present(challenge)
  }
}
