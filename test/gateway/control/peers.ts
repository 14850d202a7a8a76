// The other ends of control's sockets, as tests play them: a relay and a DNS process that speak the agreed messages over real sockets.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FromRelay, ToRelay } from '../../../gateway/messages.ts'
import type { FromDns, NameRecords, Route, ToDns, WakeCause } from '../../../registry/types.ts'
import { readLines, writeLine } from '../../../wire/lines.ts'

/** Resolves as soon as `probe` is true; asked again after every message or turn of the loop, for 10 s at most. */
export async function until(probe: () => boolean, what = probe.toString()): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!probe()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await setImmediate()
    await new Promise(resolve => { setTimeout(resolve, 2) })
  }
}

export const VISITOR: WakeCause = { by: 'visitor', method: 'GET', path: '/', agent: 'browser' }

/** A relay that keeps the table and answers `applied` and `closed`; each can be changed by a test. */
export class FakeRelay {
  readonly routes = new Map<string, Route>()
  readonly heard: ToRelay[] = []
  version = 0
  inFlight = 0
  answers = true
  onClosing: (message: Extract<ToRelay, { type: 'closing' }>) => void = () => {}
  readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    readLines<ToRelay>(socket, message => this.#hear(message))
  }

  static async at(path: string): Promise<FakeRelay> {
    const socket = connect(path)
    await once(socket, 'connect')
    const relay = new FakeRelay(socket)
    relay.say({ type: 'hello', worker: 0 })
    await until(() => relay.heard.length > 0, 'the table')
    return relay
  }

  say(message: FromRelay): void { writeLine(this.socket, message) }
  wake(site: string): void { this.say({ type: 'wake', site, cause: VISITOR }) }

  /** The state of a site as this relay knows it. */
  state(host: string): string | undefined {
    const route = this.routes.get(host)
    return route?.kind === 'site' ? route.state : undefined
  }

  #hear(message: ToRelay): void {
    this.heard.push(message)
    if (message.type === 'table') {
      this.routes.clear()
      for (const route of message.routes) this.routes.set(route.host, route)
    } else if (message.type === 'route') this.routes.set(message.route.host, message.route)
    else if (message.type === 'routes') for (const route of message.routes) this.routes.set(route.host, route)
    else if (message.type === 'gone') this.routes.delete(message.host)
    else if (message.type !== 'closing') return
    else {
      this.onClosing(message)
      if (this.answers) this.say({ type: 'closed', id: message.id, site: message.site, inFlight: this.inFlight })
      return
    }
    this.version = message.version
    if (this.answers) this.say({ type: 'applied', version: message.version })
  }
}

/** A DNS process that keeps the zone's names and answers `applied`. */
export class FakeDns {
  readonly names = new Map<string, NameRecords>()
  serial = 0
  answers = true
  readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    readLines<ToDns>(socket, message => this.#hear(message))
  }

  static async at(path: string): Promise<FakeDns> {
    const socket = connect(path)
    await once(socket, 'connect')
    const dns = new FakeDns(socket)
    await until(() => dns.serial > 0, 'the zone')
    return dns
  }

  #hear(message: ToDns): void {
    this.serial = message.serial
    if (message.type === 'zone') {
      this.names.clear()
      for (const [name, records] of Object.entries(message.names)) this.names.set(name, records)
    } else for (const [name, records] of Object.entries(message.names)) this.#change(name, records)
    if (this.answers) writeLine(this.socket, { type: 'applied', serial: message.serial } satisfies FromDns)
  }

  #change(name: string, records: NameRecords | null): void {
    if (records) this.names.set(name, records)
    else this.names.delete(name)
  }
}
