// What is known of one wanted certificate, in one file: the certificate there is, and how tries to get the next went. Kept by schedule.ts.
import { X509Certificate } from 'node:crypto'
import { fileFor, forget, keep, kept } from '../files.ts'
import type { ChallengeType } from './challenge.ts'
import { check } from './chains.ts'

/** A certificate that an ACME server gave, `by` which kind of challenge (null: nobody knows). Times are epoch milliseconds. `askAt`: when the server is asked for its own idea of `renewAt` again. */
export type Certified = { server: string; key: string; chain: string; expiresAt: number; issuedAt: number; renewAt: number; askAt: number; by: ChallengeType | null }
/** Why the last try failed. */
export type Trouble = { type: string; message: string; at: number }
export type Held = { identifiers: string[]; certified: Certified | null; failures: number; retryAt: number; trouble: Trouble | null }

export class HeldFile {
  readonly #file: string
  /** Written one after the other: the last word counts. */
  #writing: Promise<void> = Promise.resolve()

  constructor(directory: string, id: string) { this.#file = fileFor(directory, id) }

  /** What was kept of the same names; a fresh start where there is nothing, or nothing that can be used. */
  async read(identifiers: string[]): Promise<Held> {
    const found = await kept<Held>(this.#file)
    const same = found !== null && `${found.identifiers}` === `${identifiers}`
    return {
      identifiers, certified: same ? usable(found.certified, identifiers) : null,
      failures: same ? Number(found.failures) || 0 : 0, retryAt: same ? Number(found.retryAt) || 0 : 0, trouble: same ? found.trouble ?? null : null,
    }
  }

  write(held: Held): Promise<void> {
    const done = this.#writing.then(() => keep(this.#file, held))
    this.#writing = done.catch(() => undefined)
    return done
  }

  async remove(): Promise<void> {
    await this.#writing
    await forget(this.#file)
  }
}

/** Null for what is damaged. */
function usable(found: Certified | null | undefined, identifiers: string[]): Certified | null {
  try {
    if (!found) return null
    check(found.chain, found.key, identifiers)
    const expiresAt = new X509Certificate(found.chain).validToDate.getTime()
    return { server: String(found.server), key: found.key, chain: found.chain, expiresAt, issuedAt: Number(found.issuedAt) || 0, renewAt: Number(found.renewAt) || 0, askAt: Number(found.askAt) || 0, by: found.by ?? null }
  } catch {
    return null
  }
}
