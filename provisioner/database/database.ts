// The house's databases: keeps the server's pod up once a site needs it, and its databases and accounts what the sites' specifications say.
// Made by host.ts; told by the recipes. Nothing here is on the way of a wake: a site starts whether its database is there yet or not.
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mariadb'
import { AubergeError } from '../../wire/error.ts'
import type { Host } from '../host.ts'
import { addresses } from '../instance.ts'
import { rotate, tail } from '../log.ts'
import { DATABASE } from '../places.ts'
import { alive } from '../process.ts'
import { changes, emptied, hashed, isDatabaseName, scratchDropped, scratchEmptied, scratchMade, scratchOf, type Account } from './accounts.ts'
import { asAdministrator } from './administrator.ts'
import { known, rangeOf, scratches } from './known.ts'
import { isOutdated, retireServer, running, startServer, stopServer, type Server } from './pod.ts'
import { endLongStatements, shrink, sizes } from './sizes.ts'

/** Milliseconds between two looks whether the server lives; and the shortest and longest pause before it is started again. */
const LOOK = 500
const PAUSES = [500, 30_000] as const
/** Milliseconds a start may take until the server answers: the first one makes its files, one after a kill recovers. */
const ANSWERS = 120_000
/** Milliseconds that whoever needs the server waits for it. */
const READY = 60_000
/** Milliseconds after which a server that ended is started again after the shortest pause. */
const STEADY = 60_000
/** Milliseconds between two rounds in which sizes are measured and what was missed is made up for; and between two shrinkings of one database. */
const ROUND = 15_000
const SHRINKING = 600_000

export class Database {
  readonly #host: Host
  #state: 'off' | 'starting' | 'up' | 'waiting' = 'off'
  #server: Server | null = null
  #since = 0
  #pause: number = PAUSES[0]
  #timers: NodeJS.Timeout[] = []
  #closed = false
  /** Whether something was to be changed while it couldn't. */
  #missed = false
  #sizes = new Map<string, number>()
  readonly #shrunk = new Map<string, number>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Whether statements can be made now. */
  get isUp(): boolean { return this.#state === 'up' }

  /** Starts the server unless that is under way, if any site is to have a database. Resolves at once: it comes up by itself, in its time. */
  begin(): void {
    if (this.#state !== 'off' || this.#closed || this.#nobodyWants()) return
    this.#timers = [setInterval(() => this.#look(), LOOK), setInterval(() => void this.round(), ROUND)]
    this.#launch()
  }

  /** Makes the site's database and account as its specification says; now if the server is up, else when it comes up. Trouble is logged and tried again. */
  async settle(name: string): Promise<void> {
    this.begin()
    await this.#change(name, this.#wanted(name))
  }

  /** Takes the site's database and account away, likewise. */
  drop(name: string): Promise<void> {
    return this.#change(name, null)
  }

  /** Waits until statements can be made; `unavailable` where that takes too long. */
  async ready(): Promise<void> {
    this.begin()
    for (const deadline = Date.now() + READY; !this.isUp; await delay(50)) {
      if (this.#closed || Date.now() > deadline) throw new AubergeError('unavailable', 'the database server does not answer; it is started again, try in a moment')
    }
  }

  /** Has `work` use a second, empty database of the site, which goes afterwards. */
  async scratch(name: string, work: () => Promise<void>): Promise<void> {
    await this.#run(name, scratchMade)
    await work().finally(() => this.#run(name, scratchDropped))
  }

  /** Drops all that is in the site's database. */
  empty(name: string): Promise<void> { return this.#run(name, emptied) }

  async #run(name: string, statements: (account: Account) => string[]): Promise<void> {
    const account = this.#wanted(name)
    if (account === null) return
    await this.#queued(() => this.#asked(async sql => { for (const statement of statements(account)) await sql.query(statement) }))
  }

  /** Bytes of the site's database when it was last measured; null where it has none, or nobody knows yet. */
  sizeOf(name: string): number | null {
    return this.#wanted(name) === null || !this.isUp ? null : this.#sizes.get(name) ?? 0
  }

  /** Measures, takes the right to write from who is over the limit and gives it back, ends statements that take too long, drops what no site has. */
  async round(): Promise<void> {
    if (!this.isUp) return
    await this.#queued(() => this.#agreeOnAll()).then(() => this.#shrink()).catch(error => this.#complain(error as Error, 'the databases could not be looked after; they are again in a moment'))
  }

  /** Stops looking after the server, which goes on; unless no site has a database any more: then nothing of it is left but its files. */
  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#nobodyWants()) void this.#queued(() => retireServer(this.#host)).catch(error => this.#host.log.error({ err: error as Error }, 'the database server could not be ended'))
  }

  #nobodyWants(): boolean {
    return this.#host.states.names().every(name => this.#wanted(name) === null)
  }

  async #change(name: string, account: Account | null): Promise<void> {
    if (!this.isUp) {
      this.#missed = true
      return
    }
    await this.#queued(() => this.#asked(sql => this.#agree(sql, { only: name, account }))).catch(error => {
      this.#missed = true
      this.#complain(error as Error, `the database of ${name} could not be changed; it is tried again`)
    })
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    return this.#host.queue.run(DATABASE, work)
  }

  #asked<T>(act: (sql: Connection) => Promise<T>): Promise<T> {
    return asAdministrator(this.#host, act)
  }

  #complain(error: Error, what: string): void {
    if (!this.#closed) this.#host.log.error({ err: error }, what)
  }

  #launch(): void {
    this.#state = 'starting'
    void this.#queued(() => this.#start()).catch(error => this.#failed(error as Error))
  }

  async #start(): Promise<void> {
    if (this.#closed) return
    this.#server = await this.#adopted() ?? await startServer(this.#host)
    this.#since = Date.now()
    await this.#answering(this.#server)
    await this.#asked(async sql => {
      for (const each of await scratches(sql)) for (const statement of scratchDropped(each)) await sql.query(statement)
    })
    await this.#agreeOnAll()
    this.#state = 'up'
    this.#host.log.info('the database server is up')
  }

  /** The one that runs, unless it would be made otherwise now: then it is ended. */
  async #adopted(): Promise<Server | null> {
    const server = await running(this.#host)
    if (server === null || !(await isOutdated(this.#host, server))) return server
    this.#host.log.info('the database server is started anew: its image or settings have changed')
    await stopServer(this.#host)
    return null
  }

  async #answering(server: Server): Promise<void> {
    const deadline = Date.now() + ANSWERS
    for (;;) {
      const failure = await this.#asked(sql => sql.ping()).then(() => null, (error: Error) => error)
      if (failure === null) return
      if (this.#closed || !alive(server) || Date.now() > deadline) throw failure
      await delay(50)
    }
  }

  /** A start that failed, or a server that ended: tried again after a pause that grows while it helps nothing. */
  async #failed(error: Error): Promise<void> {
    this.#state = 'waiting'
    if (this.#closed) return
    this.#host.log.error({ err: error, says: await tail(this.#host, DATABASE, 2000) }, 'the database server does not run; it is started again in a moment')
    if (Date.now() - this.#since > STEADY) this.#pause = PAUSES[0]
    setTimeout(() => { if (!this.#closed && this.#state === 'waiting') this.#launch() }, this.#pause).unref()
    this.#pause = Math.min(2 * this.#pause, PAUSES[1])
  }

  #look(): void {
    if (this.#state !== 'up' || this.#server === null) return
    if (!alive(this.#server)) void this.#failed(new Error('its process ended by itself'))
  }

  async #agreeOnAll(): Promise<void> {
    await rotate(this.#host, DATABASE)
    await this.#asked(async sql => {
      await endLongStatements(sql, rangeOf(this.#host.instance))
      this.#sizes = await sizes(sql)
      await this.#endScratches(sql)
      for (this.#missed = true; this.#missed;) {
        this.#missed = false
        await this.#agree(sql)
      }
    })
  }

  /** What a dump that is tried out may take is what its database may. */
  async #endScratches(sql: Connection): Promise<void> {
    for (const name of this.#host.states.names()) {
      const account = this.#wanted(name)
      if (account === null || (this.#sizes.get(scratchOf(name)) ?? 0) <= this.#host.states.site(name).spec.limits.database) continue
      for (const statement of scratchEmptied(account)) await sql.query(statement)
    }
  }

  /** Makes the server agree with the specifications of all sites, dropping what no site has; or with `account` for the site `only`. */
  async #agree(sql: Connection, one?: { only: string; account: Account | null }): Promise<void> {
    const { states, instance } = this.#host
    const have = await known(sql, instance, one?.only ?? null)
    const wants = one ? [one.account] : states.names().map(name => this.#wanted(name))
    const isStray = (name: string) => (one ? one.account === null && name === one.only : !states.has(name))
    for (const statement of changes(wants.filter(each => each !== null), have, isStray)) await sql.query(statement)
  }

  /** What a site is to have; null where its specification says none, or it is being destroyed. */
  #wanted(name: string): Account | null {
    const { states, instance } = this.#host
    if (!states.has(name)) return null
    const { spec, slot, intent } = states.site(name)
    if (spec.database === null || intent === 'destroy' || !isDatabaseName(name)) return null
    return { name, address: addresses(instance, slot).ipv4, hash: hashed(spec.database.password), writes: (this.#sizes.get(name) ?? 0) <= spec.limits.database }
  }

  /** One at a time, and each seldom: it is work for everybody's server. */
  async #shrink(): Promise<void> {
    const over = this.#host.states.names().filter(name => this.#wanted(name)?.writes === false && Date.now() - (this.#shrunk.get(name) ?? 0) > SHRINKING)
    for (const name of over) {
      if (!(await this.#asked(sql => shrink(sql, name)))) continue
      this.#shrunk.set(name, Date.now())
      return
    }
  }
}
