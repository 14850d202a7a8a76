// Which certificates are wanted of an ACME server, and when each is ordered, renewed, tried again. Bounded in all it does: orders at a time, orders a day for each account.
// Opened by gateway/control; whoever wants certificates says `want` and hears of them by `issued`.
import type { Logger } from '../../../wire/log.ts'
import { privateDirectory } from '../files.ts'
import { suggestion, identifierOf } from './ari.ts'
import { BOUNDS, Budget, type Bounds } from './budget.ts'
import { leafOf } from './chains.ts'
import type { ChallengeType, Solver } from './challenge.ts'
import type { Engine } from './engine.ts'
import { HeldFile, type Certified, type Held } from './held.ts'
import type { Issued } from './order.ts'
import { Refusal } from './refusal.ts'
import { Revocations } from './revocations.ts'
import { byAny, inOrder } from './ways.ts'
import { momentOf, renewalOf, retryOf } from './timing.ts'

/** Orders at a time. */
const AT_ONCE = 4
/** The longest sleep of the clock that looks for what is due: it goes wrong with the machine's. Milliseconds. */
const NAP = 3600 * 1000
/** A server's clock is told to the second; what is less is no error of ours. */
const CLOCK = 60_000
/** However wrong a clock is, and whatever a server suggests, a new certificate isn't ordered sooner after the last: milliseconds, or a share of what was left of it then. */
const REST = { least: 1_000, most: 3600 * 1000, share: 1 / 3 }

/** `solvers`: the ways to prove the names, in the order they are tried. `account`: whose orders it counts among; null: the house's own, which are not counted and come first. */
export type Wanted = { identifiers: string[]; solvers: Solver[]; account: number | null }
/** What is said of a certificate: that it came or was there, that it has ended and nothing followed, that nobody wants it any more. */
export type Word = { type: 'issued'; id: string; identifiers: string[]; certified: Certified } | { type: 'ended'; id: string; certified: Certified } | { type: 'dropped'; id: string }
export type AcmeView = {
  id: string; names: string[]; state: 'issued' | 'ordering' | 'waiting' | 'ended'; expiresAt: number | null; renewAt: number | null
  /** Why the last try failed, and when the next is. */
  trouble: { type: string; message: string; at: number } | null; retryAt: number | null
}

/** `id`: the first identifier, without a wildcard. */
type Entry = Wanted & {
  id: string; file: HeldFile; held: Held; state: AcmeView['state']; said: 'nothing' | 'issued' | 'ended'
  /** Resolves, never rejects, with the end of the try that is under way. */
  trying: Promise<void>
}
type Options = {
  engine: Engine; directory: string; log: Logger; tell: (word: Word) => void; bounds?: Bounds; profile?: string | null; issuer?: string | null; now?: () => number; chance?: () => number
}

export class Schedule {
  readonly #options: Options & { now: () => number; chance: () => number }
  readonly #budget: Budget
  readonly #revocations: Revocations
  readonly #entries = new Map<string, Entry>()
  readonly #orders = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | null = null
  #wakeAt = Infinity
  #closed = false

  private constructor(options: Options, budget: Budget, revocations: Revocations) {
    this.#options = { now: Date.now, chance: Math.random, ...options }
    this.#budget = budget
    this.#revocations = revocations
  }

  static async open(options: Options): Promise<Schedule> {
    const { directory, bounds = BOUNDS, engine, log } = options
    await privateDirectory(`${directory}/names`)
    const schedule = new Schedule(options, await Budget.open(`${directory}/budget.json`, bounds), await Revocations.open(`${directory}/revocations`, engine, log))
    schedule.#arm()
    return schedule
  }

  /** Resolves once what was kept is told; what is missing is ordered in the background, now or when it may be. Other solvers or another account replace the one of before. */
  async want({ identifiers, solvers, account }: Wanted): Promise<void> {
    const id = identifiers[0]?.replace(/^\*\./, '') ?? ''
    const known = this.#entries.get(id)
    if (known && `${known.identifiers}` === `${identifiers}`) return void Object.assign(known, { solvers, account })
    const file = new HeldFile(`${this.#options.directory}/names`, id)
    const entry: Entry = { id, identifiers, solvers, account, file, held: await file.read(identifiers), state: 'waiting', said: 'nothing', trying: Promise.resolve() }
    this.#entries.set(id, entry)
    this.#say(entry)
    this.#arm(Math.min(this.#wakeAt, this.#lookAt(entry)))
  }

  /** Nobody wants it any more: it is forgotten, and revoked where `revoke` says why (RFC 5280 section 5.3.1; 5: the name is given up). */
  async drop(id: string, revoke: 1 | 5 | null = null): Promise<void> {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    if (entry.said === 'issued') this.#options.tell({ type: 'dropped', id })
    const { certified } = entry.held
    if (revoke !== null && certified?.server === this.#options.engine.server) await this.#revocations.add(id, certified, revoke)
    await entry.file.remove()
    this.#arm()
  }

  /** Orders one anew now, whatever there is; a try that failed is forgotten. Resolves when it came; rejects with why it didn't. */
  async renew(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (!entry) return
    await entry.trying
    entry.held = { ...entry.held, failures: 0, retryAt: 0, trouble: null }
    await this.#attempt(entry, true)
    if (entry.held.trouble) throw new Refusal({ type: entry.held.trouble.type, message: entry.held.trouble.message, retryAt: entry.held.retryAt })
  }

  /** Gives up the certificate of a key that was stolen: the next is ordered, then the old one is revoked. */
  async revoke(id: string): Promise<void> {
    const old = this.#entries.get(id)?.held.certified
    await this.renew(id)
    if (old) await this.#revocations.add(id, old, 1)
    this.#arm()
  }

  /** Another key for the account. */
  async rollOver(): Promise<void> { await this.#options.engine.account.rollOver() }

  get server(): string { return this.#options.engine.server }

  /** Its address at the server; null before it has one. */
  get account(): string | null { return this.#options.engine.account.url }

  view(): AcmeView[] {
    return [...this.#entries.values()].map(({ id, identifiers, state, held }) => ({
      id, names: identifiers, state, expiresAt: held.certified?.expiresAt ?? null, renewAt: held.certified?.renewAt ?? null,
      trouble: held.trouble, retryAt: held.trouble ? held.retryAt : null,
    }))
  }

  /** Milliseconds by which this machine's clock is behind the server's (ahead: below 0); 0 where it is right or nobody knows. */
  get clockError(): number {
    const { skew } = this.#options.engine.transport
    return skew !== null && Math.abs(skew) > CLOCK ? skew : 0
  }

  /** Orders stop where they are; the next schedule goes on with them. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#options.engine.close()
    await Promise.allSettled(this.#orders)
  }

  /** The server's clock counts where ours is wrong. */
  #time(): number { return this.#options.now() + this.clockError }

  /** Wakes when the next thing is due; what comes meanwhile sets it anew. */
  #arm(at: number = this.#next()): void {
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#closed) return
    this.#wakeAt = at
    this.#timer = setTimeout(() => { this.#round() }, Math.max(0, Math.min(NAP, at - this.#time()))).unref()
  }

  #next(): number {
    let next = this.#revocations.pending ? this.#time() : Infinity
    for (const entry of this.#entries.values()) if (entry.state !== 'ordering') next = Math.min(next, this.#lookAt(entry))
    return this.#orders.size >= AT_ONCE ? Infinity : next
  }

  /** When this one must be looked at. */
  #lookAt(entry: Entry): number {
    const { certified } = entry.held
    return Math.min(this.#dueAt(entry), certified?.askAt ?? Infinity, certified && entry.said === 'issued' ? certified.expiresAt : Infinity)
  }

  #dueAt({ held: { certified, retryAt } }: Entry): number {
    const { server } = this.#options.engine
    const due = certified === null || certified.server !== server ? 0 : Math.max(certified.renewAt, certified.issuedAt + restOf(certified))
    return Math.max(due, retryAt)
  }

  /** The house's own first. */
  #round(): void {
    void this.#revocations.run()
    const now = this.#time()
    const all = [...this.#entries.values()].filter(entry => entry.state !== 'ordering' && this.#lookAt(entry) <= now)
    for (const entry of all.sort((a, b) => Number(a.account !== null) - Number(b.account !== null))) {
      this.#say(entry)
      if (this.#orders.size >= AT_ONCE) break
      const act = this.#dueAt(entry) <= now ? this.#order(entry) : this.#ask(entry)
      const done = act.catch((error: unknown) => { this.#options.log.error({ err: error, name: entry.id }, 'a certificate could not be looked after') }).finally(() => { this.#orders.delete(done); this.#arm() })
      this.#orders.add(done)
    }
    this.#arm()
  }

  /** Renewals are not counted: a name that was served goes on being. */
  async #order(entry: Entry): Promise<void> {
    const { account, held } = entry
    if (account !== null && held.certified === null) {
      const taken = this.#budget.take(account, this.#time())
      if ('refusedUntil' in taken) return this.#fail(entry, new Refusal({ type: 'quota', message: `too many certificates were ordered today, so that of ${entry.id} waits for tomorrow`, retryAt: taken.refusedUntil }))
      await taken.done
    }
    await this.#attempt(entry, false)
  }

  #attempt(entry: Entry, anew: boolean): Promise<void> {
    const tried = this.#try(entry, anew)
    entry.trying = tried.catch(() => undefined)
    return tried
  }

  async #try(entry: Entry, anew: boolean): Promise<void> {
    const { engine, profile = null, issuer = null } = this.#options
    const before = entry.held.certified
    entry.state = 'ordering'
    try {
      const replaces = before && before.server === engine.server && !anew ? identifierOf(before.chain) : null
      await byAny(inOrder(entry.solvers, before?.by ?? null), solver =>
        engine.issue({ identifiers: entry.identifiers, solver, replaces, profile, issuer }, issued => this.#keep(entry, issued, solver.type)))
    } catch (error) {
      await this.#fail(entry, error)
    } finally {
      entry.state = stateOf(entry, this.#time())
    }
    if (entry.held.certified !== before) await this.#ask(entry)
  }

  /** On disk before anybody hears of it. */
  async #keep(entry: Entry, { key, chain }: Issued, by: ChallengeType): Promise<void> {
    const { engine, log, chance } = this.#options
    const leaf = leafOf(chain)
    const now = this.#time()
    const certified: Certified = { server: engine.server, key, chain, expiresAt: leaf.validToDate.getTime(), issuedAt: now, renewAt: renewalOf(leaf, chance()), askAt: now, by }
    const held: Held = { identifiers: entry.identifiers, certified, failures: 0, retryAt: 0, trouble: null }
    if (this.#entries.get(entry.id) === entry) await entry.file.write(held)
    entry.held = held
    entry.said = 'nothing'
    log.info({ names: entry.identifiers, until: new Date(certified.expiresAt).toISOString(), renewal: new Date(certified.renewAt).toISOString() }, 'has a new certificate from the ACME server')
    this.#say(entry)
  }

  async #fail(entry: Entry, error: unknown): Promise<void> {
    if (this.#closed) return
    const { log, chance } = this.#options
    const refusal = error instanceof Refusal ? error : new Refusal({ type: 'ours', message: `a certificate for ${entry.id} could not be ordered (${error instanceof Error ? error.message : String(error)})`, cause: error })
    const failures = entry.held.failures + 1
    const now = this.#time()
    const retryAt = retryOf(refusal, failures, now, chance())
    entry.held = { ...entry.held, failures, retryAt, trouble: { type: refusal.type, message: refusal.message, at: now } }
    log.error({ name: entry.id, type: refusal.type, failures, retry: new Date(retryAt).toISOString(), until: entry.held.certified && new Date(entry.held.certified.expiresAt).toISOString() }, `no new certificate: ${refusal.message}`)
    if (this.#entries.get(entry.id) === entry) await entry.file.write(entry.held)
  }

  /** The server's own idea of when to renew, where it has one. What it doesn't answer changes nothing. */
  async #ask(entry: Entry): Promise<void> {
    const { engine, log, chance } = this.#options
    const { certified } = entry.held
    if (!certified || certified.server !== engine.server || certified.askAt > this.#time()) return
    const said = await suggestion(engine.transport, certified.chain, this.#time()).catch((error: unknown) => {
      log.warn({ err: error, name: entry.id }, 'the ACME server does not say when to renew')
      return null
    })
    if (entry.held.certified !== certified) return
    const moved = said !== null && (certified.renewAt < said.window.start || certified.renewAt > said.window.end)
    const renewAt = moved ? momentOf(said.window, chance()) : certified.renewAt
    if (moved) log.info({ name: entry.id, renewal: new Date(renewAt).toISOString(), explanation: said.explanation }, 'the ACME server says when to renew')
    entry.held = { ...entry.held, certified: { ...certified, renewAt, askAt: said?.askAt ?? this.#time() + 6 * NAP } }
    if (this.#entries.get(entry.id) === entry) await entry.file.write(entry.held)
  }

  /** Tells of a certificate that is new here, and of one that has ended. */
  #say(entry: Entry): void {
    const { tell, log } = this.#options
    const { id, identifiers, held: { certified, trouble } } = entry
    if (entry.state !== 'ordering') entry.state = stateOf(entry, this.#time())
    if (this.#entries.get(id) !== entry || !certified) return
    const is = certified.expiresAt > this.#time() ? 'issued' : 'ended'
    if (is === entry.said) return
    entry.said = is
    if (is === 'issued') return tell({ type: 'issued', id, identifiers, certified })
    log.error({ name: id, trouble: trouble?.message }, "a certificate has ended and could not be renewed: browsers will warn of the house's own, which is served instead")
    tell({ type: 'ended', id, certified })
  }
}

/** One that had ended when it came is nothing to hurry for. */
function restOf({ expiresAt, issuedAt }: Certified): number {
  const left = expiresAt - issuedAt
  return left > 0 ? Math.min(REST.most, Math.max(REST.least, left * REST.share)) : REST.most
}

function stateOf({ held: { certified } }: Entry, now: number): AcmeView['state'] {
  if (certified === null) return 'waiting'
  return certified.expiresAt > now ? 'issued' : 'ended'
}
