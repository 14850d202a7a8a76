// Certificates that are to be revoked, a file each until the server has taken it in. Called by schedule.ts.
import { mkdir } from 'node:fs/promises'
import type { Logger } from '../../../wire/log.ts'
import { allKept, fileFor, forget, keep } from '../files.ts'
import type { Engine } from './engine.ts'
import type { Certified } from './held.ts'
import { passes } from './order.ts'
import { Refusal } from './refusal.ts'

type Due = { chain: string; reason: 1 | 5; expiresAt: number }
/** Milliseconds after one that could not be taken in. */
const AGAIN = 3600 * 1000

export class Revocations {
  readonly #directory: string
  readonly #engine: Engine
  readonly #log: Logger
  #due: { file: string; content: Due }[]
  #retryAt = 0
  #running = false

  private constructor(directory: string, engine: Engine, log: Logger, due: { file: string; content: Due }[]) {
    this.#directory = directory
    this.#engine = engine
    this.#log = log
    this.#due = due
  }

  static async open(directory: string, engine: Engine, log: Logger): Promise<Revocations> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const found = await allKept<Due>(directory)
    return new Revocations(directory, engine, log, found.flatMap(({ file, content }) => (content && typeof content.chain === 'string' ? [{ file, content: content as Due }] : [])))
  }

  /** Whether there is one that can be tried now. */
  get pending(): boolean { return this.#due.length > 0 && !this.#running && performance.now() >= this.#retryAt }

  /** On disk when it resolves. */
  async add(id: string, { chain, expiresAt }: Certified, reason: 1 | 5): Promise<void> {
    const due = { file: fileFor(this.#directory, `${id}.${expiresAt}`), content: { chain, reason, expiresAt } }
    await keep(due.file, due.content)
    this.#due.push(due)
  }

  async run(): Promise<void> {
    if (!this.pending) return
    this.#running = true
    for (const due of [...this.#due]) if (!await this.#revoke(due)) break
    this.#running = false
  }

  /** Whether it is done with. One that the server refuses (revoked already, unknown) is. */
  async #revoke(due: { file: string; content: Due }): Promise<boolean> {
    try {
      await this.#engine.revoke(due.content.chain, due.content.reason)
      this.#log.info({ file: due.file }, 'a certificate is revoked')
    } catch (error) {
      this.#log.warn({ err: error, file: due.file }, 'a certificate could not be revoked')
      if (!(error instanceof Refusal) || passes(error)) {
        this.#retryAt = performance.now() + AGAIN
        return false
      }
    }
    this.#due = this.#due.filter(each => each !== due)
    await forget(due.file)
    return true
  }
}
