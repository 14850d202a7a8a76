// The house's two authorities: the zone's, and the one of sites' domains outside it, which is made when there is the first of those. Made by certificates.ts.
import { isIP } from 'node:net'
import type { Logger } from '../../wire/log.ts'
import { Authority } from './authority.ts'
import { isIn } from './names.ts'
import type { Scope } from './x509.ts'

type Options = { directory: string; zone: string; now: () => number; log: Logger }

export class Authorities {
  readonly #options: Options
  #zone: Authority
  #domains: Authority | null = null
  #opening: Promise<Authority> | null = null

  private constructor(options: Options, zone: Authority) {
    this.#options = options
    this.#zone = zone
  }

  static async open(options: Options): Promise<Authorities> {
    return new Authorities(options, await Authority.open({ ...options, now: options.now() }))
  }

  get zone(): Authority { return this.#zone }
  /** Null while there is no domain outside the zone. */
  get domains(): Authority | null { return this.#domains }

  /** Which of them signs for a name. */
  scopeOf(id: string): Scope {
    return isIn(this.#options.zone, id) || isIP(id) !== 0 ? 'zone' : 'domains'
  }

  /** The authority that signs for a name. */
  async of(id: string): Promise<Authority> {
    if (this.scopeOf(id) === 'zone') return this.#zone
    if (this.#domains) return this.#domains
    this.#opening ??= this.#next('domains').finally(() => { this.#opening = null })
    return this.#domains = await this.#opening
  }

  /** When the one that signs for a name ends; 0 where there is none yet. */
  endOf(id: string): number {
    return (this.scopeOf(id) === 'zone' ? this.#zone : this.#domains)?.expiresAt ?? 0
  }

  /** Replaces those that are nearly over, and says which. */
  async succeed(): Promise<Scope[]> {
    const over = ([['zone', this.#zone], ['domains', this.#domains]] as const).filter(([, one]) => one?.isOver(this.#options.now()))
    for (const [scope, one] of over) {
      const until = new Date(one?.expiresAt ?? 0).toISOString()
      this.#options.log.warn({ scope, until }, 'our own certificate authority is nearly over: whoever trusts it must import the next one (auberge ca export)')
      if (scope === 'zone') this.#zone = await this.#next(scope)
      else this.#domains = await this.#next(scope)
    }
    return over.map(([scope]) => scope)
  }

  #next(scope: Scope): Promise<Authority> {
    return Authority.open({ ...this.#options, scope, now: this.#options.now() })
  }
}
