// Challenges that relays show to an ACME server, and the two solvers that put them there (RFC 8555 section 8.3, RFC 8737). Made by control, which tells
// relays; orders call the solvers.
import type { Challenge as Shown } from '../messages.ts'
import type { Challenge, Solver } from './acme/challenge.ts'
import { newKey, signChallenge } from './x509.ts'

/** A change of what is shown, told to all relays. */
export type ChallengesChange = { type: 'challenges'; version: number; challenges: Shown[] }
type Relays = { settled(version: number): Promise<boolean> }

/** Challenges shown at a time: orders are few at a time, and of few names. */
const MOST = 500
/** A key for some minutes. */
const CHALLENGE_BITS = 2048

export class Challenges {
  readonly #shown = new Map<string, Shown>()
  readonly #followers = new Set<(change: ChallengesChange) => void>()
  readonly #next: () => number
  readonly #now: () => number
  #version = 0

  /** `next`: a number for relays' answers, above all that were given before. */
  constructor(next: () => number, now: () => number = Date.now) {
    this.#next = next
    this.#now = now
  }

  /** All that is shown; `version`: what a relay that has just come knows already. */
  message(version = this.#version): ChallengesChange {
    return { type: 'challenges', version, challenges: [...this.#shown.values()] }
  }

  /** Calls `each` with every change from now on. */
  follow(each: (change: ChallengesChange) => void): void { this.#followers.add(each) }

  /** `relays`: who knows when all of them show it. */
  http01(relays: Relays): Solver {
    return {
      type: 'http-01',
      present: ({ domain, token, keyAuthorization }) => this.#show(relays, nameOf('http-01', domain, token), { type: 'http-01', host: domain, token, answer: keyAuthorization }),
      cleanup: ({ domain, token }) => this.#hide(nameOf('http-01', domain, token)),
    }
  }

  /** As `http01`. One certificate is shown for a name at a time: the last. */
  tlsAlpn01(relays: Relays): Solver {
    return {
      type: 'tls-alpn-01',
      present: async challenge => this.#show(relays, nameOf('tls-alpn-01', challenge.domain, ''), await this.#certificate(challenge)),
      cleanup: ({ domain }) => this.#hide(nameOf('tls-alpn-01', domain, '')),
    }
  }

  async #certificate({ domain, digest }: Challenge): Promise<Shown> {
    const key = await newKey(CHALLENGE_BITS)
    return { type: 'tls-alpn-01', host: domain, chain: signChallenge(domain, digest, key, this.#now()), key }
  }

  /** Resolves when every relay shows it, or has had its time for that. */
  async #show(relays: Relays, id: string, shown: Shown): Promise<void> {
    if (this.#shown.size >= MOST && !this.#shown.has(id)) throw new Error(`${MOST} challenges are shown already`)
    this.#shown.set(id, shown)
    this.#tell()
    await relays.settled(this.#version)
  }

  async #hide(id: string): Promise<void> {
    if (this.#shown.delete(id)) this.#tell()
  }

  #tell(): void {
    this.#version = this.#next()
    for (const follower of this.#followers) follower(this.message())
  }
}

function nameOf(type: string, domain: string, token: string): string { return `${type} ${domain} ${token}` }
