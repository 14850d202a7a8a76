// Challenges that an ACME server is about to look at: answered to whoever asks, before anything else, and nothing once they are over. Fed by relay.ts from
// control's messages; asked by serve.ts (RFC 8555 section 8.3) and contexts.ts (RFC 8737).
import type { RequestHead } from '../message/request.ts'
import type { Certificate, Challenge } from '../../messages.ts'

/** Where an ACME server asks, over plain HTTP and before there is a certificate. */
export const CHALLENGES = '/.well-known/acme-challenge/'

export class Challenges {
  private answers = new Map<string, string>()
  private certificates = new Map<string, Certificate>()

  replace(challenges: Challenge[]): void {
    this.answers = new Map()
    this.certificates = new Map()
    for (const one of challenges) {
      if (one.type === 'http-01') this.answers.set(keyOf(one.host, one.token), one.answer)
      else this.certificates.set(one.host, { names: [one.host], chain: one.chain, key: one.key, trusted: false })
    }
  }

  /** What a request is answered with, if it is for a challenge of its own host. */
  answer({ method, target, host }: Pick<RequestHead, 'method' | 'target' | 'host'>): string | null {
    if (this.answers.size === 0 || !target.startsWith(CHALLENGES) || (method !== 'GET' && method !== 'HEAD')) return null
    return this.answers.get(keyOf(host, target.slice(CHALLENGES.length))) ?? null
  }

  /** The certificate that answers for a name over `acme-tls/1`. */
  certificate(name: string): Certificate | undefined { return this.certificates.get(name) }
}

/** Neither a host nor a token has a space. */
function keyOf(host: string, token: string): string { return `${host} ${token}` }
