// The way in over TLS: the ClientHello is looked at, the handshake made, and the connection handed on. One Handshake for each connection; made by relay.ts.
import { alertRecord, ALERTS } from './alert.ts'
import { MOST, readGreeting, type Greeting, type Hello } from './hello.ts'
import { render } from '../pages.ts'
import { answerText } from '../http1/writer.ts'
import { socketOn, type Handle } from '../listener.ts'
import { Tls } from './socket.ts'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Contexts } from './contexts.ts'
import type { Guest, Place } from '../place.ts'

/** Offered in our order of preference, as lengths and names (RFC 7301 section 3.1). HTTP/1.0 as well: curl offers nothing else where it is told to speak it. */
export const HTTP2_OR_1 = Buffer.from('\x02h2\x08http/1.1\x08http/1.0', 'latin1')
const CHALLENGE = 'acme-tls/1'
const CHALLENGE_ONLY = Buffer.from(`\x0a${CHALLENGE}`, 'latin1')

/** What the door needs: certificates, the zone (whose certificate those get who name nobody), and the protocols. */
export type Door = { contexts: Contexts; zone: () => string; protocols: Buffer }

/** Whom a connection is handed on to after its handshake, and who is told when it is closed, whenever that is. */
export type Beyond = { enter: (socket: Tls) => void; left: () => void }

/** A connection whose handshake isn't over. It counts like a visitor and ends at its deadline. */
export class Handshake implements Guest {
  deadline: number
  private state: 'greeting' | 'refused' | 'handshake' | 'over' = 'greeting'
  private held: Buffer | null = null
  private socket: Socket | null = null
  private readonly handle: Handle
  private readonly door: Door
  private readonly place: Place
  private readonly beyond: Beyond

  constructor(handle: Handle, door: Door, place: Place, beyond: Beyond) {
    this.handle = handle
    this.door = door
    this.place = place
    this.beyond = beyond
    this.deadline = place.clock.now + place.settings.handshakeTimeout
  }

  /** `begun`: what was read of the connection before. The handle is read as it is: a socket around it would be a second one beside TLS's own. */
  begin(begun: Buffer | null): void {
    this.handle.setNoDelay(true)
    this.handle.onread = bytes => bytes === undefined ? this.destroy() : this.came(Buffer.from(bytes))
    if (begun !== null) this.came(begun)
    if (this.state !== 'greeting') return
    this.handle.reading = this.handle.readStart() === 0
    if (!this.handle.reading) this.destroy()
  }

  private came(bytes: Buffer): void {
    const held = this.held = this.held === null ? bytes : Buffer.concat([this.held, bytes])
    const greeting = readGreeting(held)
    if (greeting !== null) this.greet(greeting, held)
    else if (held.length >= MOST) this.destroy()
  }

  private greet(greeting: Greeting, held: Buffer): void {
    this.held = null
    if (greeting.kind === 'plain') return this.refuse(answerText(render('not_tls', '', {}), null, false))
    if (greeting.kind === 'refused') return this.refuse(alertRecord(greeting.alert))
    const context = this.choose(greeting.hello)
    if (typeof context === 'number') return this.refuse(alertRecord(context))
    this.shake(held, context, isChallenge(greeting.hello) ? CHALLENGE_ONLY : this.door.protocols)
  }

  /** The context for a hello, or the alert that answers it. */
  private choose(hello: Hello): SecureContext | number {
    const { contexts } = this.door
    const name = hello.name ?? this.door.zone()
    const challenge = isChallenge(hello)
    const served = challenge ? contexts.challenge(name) : contexts.find(name)
    const context = served === undefined ? null : contexts.contextOf(served)
    return context ?? (challenge ? ALERTS.noApplicationProtocol : hello.name === null ? ALERTS.handshakeFailure : ALERTS.unrecognizedName)
  }

  /** What was looked at is read again by OpenSSL. */
  private shake(held: Buffer, context: SecureContext, protocols: Buffer): void {
    this.state = 'handshake'
    this.handle.onread = () => {}
    const tls = this.socket = new Tls(this.handle, context, protocols)
    tls.once('secure', () => this.secured(tls)).once('end', () => this.broken()).once('close', () => this.closed())
    tls.begin(held)
  }

  private secured(tls: Tls): void {
    if (this.state !== 'handshake' || tls.destroyed) return this.destroy()
    tls.release()
    if (tls.alpnProtocol === CHALLENGE || this.place.leaving) return this.destroy()
    this.beyond.enter(tls)
    this.over()
  }

  /** The last word; what still comes is dropped for a while, so that it isn't lost to a reset. */
  private refuse(last: string | Buffer): void {
    this.state = 'refused'
    this.deadline = this.place.clock.now + this.place.settings.linger
    let dropped = 0
    const socket = this.socket = socketOn(this.handle)
    socket.on('data', (bytes: Buffer) => {
      dropped += bytes.length
      if (dropped > this.place.settings.lingerBytes) socket.destroy()
    }).once('end', () => socket.end()).on('error', () => {}).once('close', () => this.closed())
    socket.end(last, 'latin1')
  }

  private over(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.place.gone(this)
  }

  private closed(): void {
    this.over()
    this.beyond.left()
  }

  /** No more comes, half-way. */
  private broken(): void { if (this.state === 'handshake') this.destroy() }

  /** Nothing has been asked for yet. */
  retire(): void { this.destroy() }
  overdue(): void { this.destroy() }

  destroy(): void {
    if (this.socket !== null) return void this.socket.destroy()
    if (this.state === 'over') return
    this.over()
    this.handle.onread = () => {}
    this.handle.close(() => this.beyond.left())
  }
}

function isChallenge({ protocols }: Hello): boolean { return protocols.length === 1 && protocols[0] === CHALLENGE }
