// Where plain HTTP is redirected to HTTPS and HSTS is sent (`--redirect-https`). Asked by serve.ts for each request; made by relay.ts.
import type { RequestHead } from '../message/request.ts'
import { CHALLENGES } from './challenges.ts'
import type { Contexts } from './contexts.ts'

export type RedirectHttps = 'auto' | 'on' | 'off'

/** Half a year, without includeSubDomains: a zone's names belong to many. */
export const HSTS = 'Strict-Transport-Security: max-age=15768000\r\n'

export class Secure {
  /** The port HTTPS is served at; 0 where it isn't. */
  port = 0
  private readonly mode: RedirectHttps
  private readonly contexts: Contexts
  private readonly zone: () => string

  constructor(mode: RedirectHttps, contexts: Contexts, zone: () => string) {
    this.mode = mode
    this.contexts = contexts
    this.zone = zone
  }

  /** Whether a host is to be visited over HTTPS only: auto, where browsers trust its certificate; on, where it has one. */
  isDue(host: string): boolean {
    if (this.port === 0 || this.mode === 'off' || this.contexts.size === 0) return false
    if (this.mode === 'auto' ? !this.contexts.isTrusted(host) : this.contexts.find(host) === undefined) return false
    const zone = this.zone()
    return zone !== 'localhost'
  }

  /**
   * Where a request is sent instead: over HTTPS, to the host that its site chose (`instead`), or both; '' where it is served.
   * `isSecure`: whether it came over HTTPS.
   */
  redirect(request: RequestHead, isSecure: boolean, instead: string | undefined): string {
    const host = instead ?? request.host
    const isUpgrade = !isSecure && this.isDue(host)
    if ((!isUpgrade && instead === undefined) || request.target.startsWith(CHALLENGES)) return ''
    const path = request.target === '*' ? '' : request.target
    const port = isUpgrade ? (this.port === 443 ? '' : `:${this.port}`) : /:[0-9]+$/.exec(request.authority)?.[0] ?? ''
    return `${isUpgrade || isSecure ? 'https' : 'http'}://${host}${port}${path}`
  }
}
