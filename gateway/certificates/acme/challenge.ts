// What an ACME server wants to see before it believes that a name is ours, and who shows it (RFC 8555 section 8, RFC 8737). Solvers are made by whoever
// wants a certificate; order.ts calls them.
import { createHash } from 'node:crypto'

export type ChallengeType = 'dns-01' | 'http-01' | 'tls-alpn-01'

/**
 * One challenge of one name. `domain`: the name without a wildcard's `*.`. `keyAuthorization`: what HTTP-01 answers with at
 * `/.well-known/acme-challenge/TOKEN`. `digest`: its SHA-256, as bytes what TLS-ALPN-01 shows in the certificate's extension, in base64url the TXT of DNS-01.
 */
export type Challenge = { type: ChallengeType; domain: string; token: string; keyAuthorization: string; digest: Buffer }

/**
 * Shows challenges of one type. `present` resolves when whoever asks sees it; several of one name may be shown at a time (a wildcard and its apex).
 * `cleanup` takes it away again: it is called once for every `present` that was called, also where that failed, and may be called without one. After a kill of the
 * process nothing is cleaned up: what a solver shows must not outlive it.
 */
export type Solver = {
  type: ChallengeType
  present(challenge: Challenge): Promise<void>
  cleanup(challenge: Challenge): Promise<void>
}

/** RFC 8555 section 8.1. */
export function challengeOf(type: ChallengeType, domain: string, token: string, thumbprint: string): Challenge {
  const keyAuthorization = `${token}.${thumbprint}`
  return { type, domain, token, keyAuthorization, digest: createHash('sha256').update(keyAuthorization).digest() }
}
