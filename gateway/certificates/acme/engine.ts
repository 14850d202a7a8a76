// Certificates from an ACME server: `issue` is all that whoever wants one needs. One engine for each server; made by gateway/certificates/schedule, or a test.
import { createHash } from 'node:crypto'
import type { Logger } from '../../../wire/log.ts'
import { fileFor, privateDirectory } from '../files.ts'
import { Account, type Binding } from './account.ts'
import { Order, type Issued, type Wish } from './order.ts'
import type { Patience, Step } from './steps.ts'
import { Transport } from './transport.ts'

/** A server that says nothing of its own is asked after a quarter of a second, then half as often each time; after two minutes the order waits for the next try. */
const PATIENCE: Patience = { first: 250, most: 15_000, deadline: 120_000 }

export type EngineOptions = {
  /** The URL of the server's directory, and PEM of who may have signed its own certificate (null: whom Node knows). */
  server: string
  ca: string | null
  email: string | null
  binding?: Binding | null
  /** Where the account and orders are kept; for control alone. */
  directory: string
  log: Logger
  patience?: Patience
  /** Hears of each step of an order when it is done and on disk. */
  reached?: (step: Step, identifiers: string[]) => void
  now?: () => number
}

export class Engine {
  readonly server: string
  readonly account: Account
  readonly transport: Transport
  readonly #options: EngineOptions
  readonly #closing = new AbortController()
  /** One run for the same names, whoever asks. */
  readonly #running = new Map<string, Promise<Issued>>()

  private constructor(options: EngineOptions, transport: Transport, account: Account) {
    this.server = options.server
    this.#options = options
    this.transport = transport
    this.account = account
  }

  /** Asks the server nothing yet. */
  static async open(options: EngineOptions): Promise<Engine> {
    const { server, ca, email, binding = null, directory, log, now = Date.now } = options
    await privateDirectory(`${directory}/orders`)
    const transport = new Transport({ url: server, ca, now })
    const account = await Account.open({ transport, server, directory, email, binding, log })
    return new Engine(options, transport, account)
  }

  /**
   * A certificate for `identifiers` (lower case; `*.example.org` with a solver of type dns-01). An order for the same names that a kill, an outage or a
   * deadline interrupted is gone on with. `keep` is called with the key and the chain (PEM both, leaf first) before the order is forgotten: what it does not
   * throw on is never lost. Throws a Refusal; when to try again is schedule.ts's to say.
   */
  issue(wish: Wish, keep: (issued: Issued) => Promise<void> = async () => {}): Promise<Issued> {
    const id = idOf(wish.identifiers)
    const running = this.#running.get(id)
    if (running) return running
    const begun = this.#run(id, wish, keep).finally(() => this.#running.delete(id))
    this.#running.set(id, begun)
    return begun
  }

  /** Has the server tell everybody that a certificate is not to be believed any more (RFC 8555 section 7.6). `reason`: RFC 5280 section 5.3.1; 1: the key was stolen, 4: replaced, 5: the name is given up. */
  async revoke(chain: string, reason: 1 | 4 | 5): Promise<void> {
    const { revokeCert } = await this.transport.directory()
    const der = chain.replace(/-----END CERTIFICATE-----[^]*/, '').replace(/-----BEGIN CERTIFICATE-----/, '')
    await this.account.post(revokeCert, { certificate: Buffer.from(der, 'base64').toString('base64url'), reason }, 'revoking a certificate')
  }

  /** Orders stop where they are; the next engine goes on with them. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.transport.close()
    await Promise.allSettled(this.#running.values())
  }

  async #run(id: string, wish: Wish, keep: (issued: Issued) => Promise<void>): Promise<Issued> {
    const { server, directory, patience = PATIENCE, reached, now = Date.now } = this.#options
    const { account, transport } = this
    const signal = this.#closing.signal
    const what = `a certificate for ${wish.identifiers.join(', ')}`
    const order = new Order(fileFor(`${directory}/orders`, id), wish, { account, transport, server, what, patience, signal, now, reached: step => reached?.(step, wish.identifiers) })
    const issued = await order.run()
    await keep(issued)
    reached?.('kept', wish.identifiers)
    await order.done()
    return issued
  }
}

/** Short whatever the names are, for it is a file's name. */
function idOf(identifiers: string[]): string {
  return createHash('sha256').update([...identifiers].sort().join(' ')).digest('hex').slice(0, 32)
}
