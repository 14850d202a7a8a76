// Tells every relay the routing table and each change of it, and hears what they have to say. Opened by assemble.ts.
import type { Socket } from 'node:net'
import { readLines, writeLine } from '../../wire/lines.ts'
import type { Logger } from '../../wire/log.ts'
import type { Certificates } from '../certificates/certificates.ts'
import type { Challenges } from '../certificates/challenges.ts'
import type { FromRelay, ToRelay } from '../messages.ts'
import { openDoor, type Door } from './doors.ts'
import { heard } from './heard.ts'
import type { RoutingTable } from './routes.ts'

/** Milliseconds a relay has to take in a change, or to answer `closing`. */
const ANSWER = 2_000
/** Bytes a relay may be behind before its connection is given up; it comes back and gets the whole table. */
const MOST_UNSENT = 512 * 2 ** 20

type Relay = { socket: Socket; worker: number | null; applied: number }
/** Who waits until the relays that are connected have come so far. */
type Waiter = { isMet: () => boolean; resolve: (met: boolean) => void }
type Closing = { id: number; site: string; drain: boolean; open: Set<Relay>; inFlight: number; done: (inFlight: number) => void }

/** What relays say, with the connection as a key. */
export type Ears = {
  wake(relay: object, message: Extract<FromRelay, { type: 'wake' }>): void
  unwanted(relay: object, message: Extract<FromRelay, { type: 'unwanted' }>): void
  down(message: Extract<FromRelay, { type: 'down' }>): void
  counts(relay: object, message: Extract<FromRelay, { type: 'counts' }>): void
  meter(relay: object, message: Extract<FromRelay, { type: 'meter' }>): void
  gone(relay: object): void
}

export class Relays {
  readonly #zone: string
  readonly #table: RoutingTable
  readonly #certificates: Certificates | null
  readonly #challenges: Challenges | null
  readonly #ears: Ears
  readonly #log: Logger
  readonly #relays = new Set<Relay>()
  readonly #waiters = new Set<Waiter>()
  readonly #closings = new Map<number, Closing>()
  #nextId = 1

  constructor(options: { zone: string; table: RoutingTable; certificates?: Certificates | null; challenges?: Challenges | null; ears: Ears; log: Logger }) {
    this.#zone = options.zone
    this.#table = options.table
    this.#certificates = options.certificates ?? null
    this.#challenges = options.challenges ?? null
    this.#ears = options.ears
    this.#log = options.log
    const tell = (message: ToRelay): void => { for (const relay of this.#relays) this.#send(relay, message) }
    this.#table.follow(tell)
    this.#certificates?.follow(tell)
    this.#challenges?.follow(tell)
  }

  get connected(): number { return this.#relays.size }

  listen(path: string): Promise<Door> {
    return openDoor(path, socket => this.#welcome(socket))
  }

  /** Resolves once every connected relay acts on `version`, or after 2 s with false. */
  settled(version: number): Promise<boolean> {
    return new Promise(resolve => {
      const waiter = this.#wait(() => this.#acting(version) === this.#relays.size, all => { clearTimeout(late); resolve(all) })
      const late = setTimeout(() => {
        this.#log.warn({ version }, 'a relay has not taken in a change of the routing table in time')
        this.#waiters.delete(waiter)
        resolve(false)
      }, ANSWER)
      this.#settle()
    })
  }

  /** Resolves once `workers` relays are connected and each acts on the table as it was when it connected, or later. */
  gathered(workers: number): Promise<void> {
    return new Promise(resolve => {
      this.#wait(() => this.#acting(0) >= workers, () => resolve())
      this.#settle()
    })
  }

  /**
   * The first half of a sleep: resolves with the requests that all relays together have in flight for `site`.
   * A relay that does not answer in 2 s counts as one that has some; one that dies has none. With `drain` they hold new requests from now on and
   * have so many milliseconds for those in flight; whoever asks tells the route again where that was not enough.
   */
  closing(site: string, drain = 0): Promise<number> {
    return new Promise(resolve => {
      const id = this.#nextId++
      const late = setTimeout(() => closing.done(closing.inFlight + closing.open.size), Math.max(ANSWER, drain))
      const done = (inFlight: number): void => {
        clearTimeout(late)
        this.#closings.delete(id)
        resolve(inFlight)
      }
      const closing: Closing = { id, site, drain: drain > 0, open: new Set(this.#relays), inFlight: 0, done }
      this.#closings.set(id, closing)
      for (const relay of this.#relays) this.#send(relay, question(closing))
      this.#gather(closing)
    })
  }

  #welcome(socket: Socket): void {
    const relay: Relay = { socket, worker: null, applied: -1 }
    this.#relays.add(relay)
    socket.on('close', () => this.#leave(relay))
    this.#send(relay, { type: 'table', version: this.#table.version, zone: this.#zone, routes: this.#table.all() })
    for (const message of this.#certificates?.messages() ?? []) this.#send(relay, message)
    if (this.#challenges) this.#send(relay, this.#challenges.message(this.#table.version))
    for (const closing of this.#closings.values()) {
      closing.open.add(relay)
      this.#send(relay, question(closing))
    }
    readLines<unknown>(socket, line => this.#hear(relay, line))
  }

  #leave(relay: Relay): void {
    this.#relays.delete(relay)
    for (const closing of this.#closings.values()) {
      closing.open.delete(relay)
      this.#gather(closing)
    }
    this.#settle()
    this.#ears.gone(relay)
  }

  #hear(relay: Relay, line: unknown): void {
    const message = heard(line)
    if (!message) {
      this.#log.error({ worker: relay.worker }, 'a relay said something that makes no sense: closing its connection')
      relay.socket.destroy()
      return
    }
    switch (message.type) {
      case 'hello': relay.worker = message.worker; return
      case 'applied': relay.applied = message.version; this.#settle(); return
      case 'closed': this.#closed(relay, message); return
      case 'wake': this.#ears.wake(relay, message); return
      case 'unwanted': this.#ears.unwanted(relay, message); return
      case 'down': this.#ears.down(message); return
      case 'counts': this.#ears.counts(relay, message); return
      case 'meter': this.#ears.meter(relay, message)
    }
  }

  #closed(relay: Relay, { id, inFlight }: Extract<FromRelay, { type: 'closed' }>): void {
    const closing = this.#closings.get(id)
    if (!closing?.open.delete(relay)) return
    closing.inFlight += inFlight
    this.#gather(closing)
  }

  #gather(closing: Closing): void {
    if (closing.open.size === 0) closing.done(closing.inFlight)
  }

  #settle(): void {
    for (const waiter of this.#waiters) if (waiter.isMet() && this.#waiters.delete(waiter)) waiter.resolve(true)
  }

  /** How many relays act on `version` or a later one. */
  #acting(version: number): number {
    return [...this.#relays].filter(relay => relay.applied >= version).length
  }

  #wait(isMet: Waiter['isMet'], resolve: Waiter['resolve']): Waiter {
    const waiter = { isMet, resolve }
    this.#waiters.add(waiter)
    return waiter
  }

  #send(relay: Relay, message: ToRelay): void {
    writeLine(relay.socket, message)
    if (relay.socket.writableLength > MOST_UNSENT) relay.socket.destroy()
  }
}

function question({ id, site, drain }: Closing): ToRelay {
  return { type: 'closing', id, site, ...(drain ? { drain: true } : {}) }
}
