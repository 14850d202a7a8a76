// The zone as DNS shall answer it: kept here, written as a snapshot, each change told to the DNS process. Called by the desk.
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Settings } from '../../registry/registry.ts'
import type { ZoneKeys } from '../../registry/keyring.ts'
import type { NameRecords, ToDns, ZoneSnapshot } from '../../registry/types.ts'
import { isAtLeast, latestSerial, nextSerial } from '../../registry/serial.ts'
import { readLines, writeLine } from '../../wire/lines.ts'
import type { Logger } from '../../wire/log.ts'
import { openDoor, type Door } from './doors.ts'
import { inPieces, Snapshot } from './snapshot.ts'

/** Seconds an address may be cached: a site that moves is followed in a minute. */
const TTL = 60
/** Seconds "no such name" may be cached: someone who looked before reserving sees the name soon. */
const NEGATIVE_TTL = 5
/** Milliseconds DNS has to take in a change; after it, the snapshot on disk counts. */
const ANSWER = 1_000
/** Milliseconds in which changes are written as one snapshot. */
const DELAY = 100
const SERIAL = 'zone.serial'

type Waiter = { serial: number; resolve: (applied: boolean) => void }

export class Zone {
  readonly #zone: string
  readonly #own: NameRecords
  readonly #settings: Settings
  readonly #log: Logger
  readonly #snapshot: Snapshot
  readonly #names: Map<string, NameRecords>
  /** The names that were put together with another, by that one; most come alone. */
  readonly #groups = new Map<string, string[]>()
  readonly #servers = new Map<Socket, number>()
  readonly #waiters = new Set<Waiter>()
  readonly #arrived = Promise.withResolvers<void>()
  readonly #served: boolean
  #open = false
  #serial: number
  #keys: ZoneKeys | null

  /** `own`: the house's addresses, of the apex and of every site. `names`: what there is now, by the name it goes with (see `put`). `keys`: what the zone is signed with. `served`: whether the house runs DNS. */
  constructor(options: { served: boolean; zone: string; own: NameRecords; names: Iterable<[string, Record<string, NameRecords>]>; keys: ZoneKeys | null; file: string; settings: Settings; log: Logger }) {
    this.#served = options.served
    this.#zone = options.zone
    this.#own = options.own
    this.#names = new Map()
    for (const [group, names] of options.names) this.#keep(group, names)
    this.#settings = options.settings
    this.#keys = options.keys
    this.#log = options.log
    const failed = (error: unknown): void => { options.log.error({ err: error, file: options.file }, 'the zone snapshot could not be written') }
    this.#snapshot = new Snapshot({ file: options.file, content: () => this.#pieces(), delay: DELAY, failed })
    this.#serial = latestSerial(this.#before(options.file))
    this.#grow()
  }

  /**
   * Serials that secondaries may have seen: the registry's, which a backup may have set back; the snapshot's; and the clock, below which it never
   * is, so that it grows even where both are lost.
   */
  #before(snapshot: string): number[] {
    const clock = Math.floor(Date.now() / 1000)
    return [clock, Number(this.#settings.get(SERIAL) ?? clock), serialIn(snapshot) ?? clock]
  }

  get connected(): number { return this.#servers.size }

  get serial(): number { return this.#serial }
  /** Names that are reserved. */
  get size(): number { return this.#names.size }

  get own(): NameRecords { return this.#own }

  /** Resolves once DNS has taken in a zone of ours; at once where the house runs no DNS. */
  arrived(): Promise<void> { return this.#served ? this.#arrived.promise : Promise.resolve() }

  /** Writes the first snapshot, then listens for DNS. */
  async listen(path: string): Promise<Door> {
    await this.#snapshot.flush()
    const door = await openDoor(path, socket => this.#welcome(socket))
    this.#open = true
    setTimeout(() => { this.#open = false; this.#settle() }, ANSWER).unref()
    return door
  }

  /**
   * Says `names` instead of all that was put under `group` before, in one step ('': of the zone itself). Resolves once DNS answers with the change (true), or,
   * where DNS stays away, once it will when it starts. DNS that outlived us has a moment to come back.
   */
  async put(group: string, names: Record<string, NameRecords>): Promise<boolean> {
    const serial = this.#grow()
    const gone = this.#keep(group, names)
    this.#snapshot.touch()
    const change: ToDns = { type: 'names', serial, names: { ...Object.fromEntries(gone.map(name => [name, null])), ...names } }
    for (const server of this.#servers.keys()) writeLine(server, change)
    const applied = await this.#applied(serial)
    if (!applied) await this.#snapshot.flush()
    return applied
  }

  /** `put` for a name that is alone, or (null) for what goes with all that was put under it. */
  set(name: string, records: NameRecords | null): Promise<boolean> {
    return this.put(name, records === null ? {} : { [name]: records })
  }

  /** Resolves once DNS signs with other keys, or, where it stays away, will when it starts: they are on disk. */
  async sign(keys: ZoneKeys | null): Promise<void> {
    const serial = this.#grow()
    this.#keys = keys
    this.#snapshot.touch()
    for (const server of this.#servers.keys()) writeLine(server, this.#message())
    await this.#applied(serial)
  }

  /** What DNS answers for a name, or null. */
  get(name: string): NameRecords | null {
    return this.#names.get(name) ?? null
  }

  /** Resolves when the snapshot holds everything. */
  flush(): Promise<void> {
    return this.#snapshot.flush()
  }

  /** Returns the names that are no more. */
  #keep(group: string, names: Record<string, NameRecords>): string[] {
    const gone = (this.#groups.get(group) ?? [group]).filter(name => !Object.hasOwn(names, name))
    for (const name of gone) this.#names.delete(name)
    for (const [name, records] of Object.entries(names)) this.#names.set(name, records)
    const all = Object.keys(names)
    if (all.length === 0 || (all.length === 1 && all[0] === group)) this.#groups.delete(group)
    else this.#groups.set(group, all)
    return gone
  }

  #message(): ToDns {
    return { type: 'zone', keys: this.#keys, ...this.#head(), names: Object.fromEntries(this.#names) }
  }

  /** The same as text. */
  #pieces(): Iterable<string> {
    const member = ([name, records]: [string, NameRecords]): string => `${JSON.stringify(name)}:${JSON.stringify(records)}`
    return inPieces(`${JSON.stringify(this.#head()).slice(0, -1)},"names":{`, [...this.#names], member, '}}')
  }

  #head(): Omit<ZoneSnapshot, 'names'> {
    return { zone: this.#zone, serial: this.#serial, ttl: TTL, negativeTtl: NEGATIVE_TTL, apex: this.#own }
  }

  /** On disk before anybody hears of it. */
  #grow(): number {
    this.#serial = nextSerial(this.#serial)
    this.#settings.set(SERIAL, String(this.#serial))
    return this.#serial
  }

  #welcome(socket: Socket): void {
    this.#servers.set(socket, -1)
    socket.on('close', () => { this.#servers.delete(socket); this.#settle() })
    readLines<unknown>(socket, line => this.#hear(socket, line))
    writeLine(socket, this.#message())
  }

  #hear(socket: Socket, line: unknown): void {
    const serial = (line as { serial?: unknown } | null)?.serial
    if (typeof serial !== 'number') {
      this.#log.error('DNS said something that makes no sense: closing its connection')
      socket.destroy()
      return
    }
    this.#servers.set(socket, serial)
    this.#arrived.resolve()
    this.#settle()
  }

  /** Whether a connected DNS took in `serial` in time. */
  #applied(serial: number): Promise<boolean> {
    return new Promise(resolve => {
      const late = setTimeout(() => waiter.resolve(false), ANSWER)
      const waiter: Waiter = { serial, resolve: applied => { clearTimeout(late); this.#waiters.delete(waiter); resolve(applied) } }
      this.#waiters.add(waiter)
      this.#settle()
    })
  }

  #settle(): void {
    for (const waiter of this.#waiters) {
      if (this.#servers.size === 0) { if (!this.#served || !this.#open) waiter.resolve(false) }
      else if ([...this.#servers.values()].every(at => at >= 0 && isAtLeast(at, waiter.serial))) waiter.resolve(true)
    }
  }
}

/** The serial in the snapshot that an earlier control left: its head is enough. Null where there is none to read. */
function serialIn(file: string): number | null {
  if (!existsSync(file)) return null
  const fd = openSync(file, 'r')
  try {
    const head = Buffer.alloc(1000)
    const text = head.toString('utf8', 0, readSync(fd, head, 0, head.length, 0))
    const serial = Number(/^\{"zone":"[^"]*","serial":(\d{1,10}),/.exec(text)?.[1])
    return Number.isInteger(serial) && serial < 2 ** 32 ? serial : null
  } finally {
    closeSync(fd)
  }
}
