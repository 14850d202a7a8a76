// One TCP, TLS or unix connection as the relay uses it: bytes in through a callback, bytes out coalesced into few writes.
// Made by listener.ts (visitors) and upstream.ts; whoever receives from it implements Receiver.
import { Socket } from 'node:net'
import { Outlet } from './outlet.ts'

/** Whoever gets what a channel brings. Every call comes from the event loop, never from within a call to the channel. */
export interface Receiver {
  /** Bytes 0 to `end` of `bytes`. The memory is reused: valid only until this returns. */
  received(bytes: Buffer, end: number): void
  /** The other end will send no more. */
  ended(): void
  /** All that was written has been taken by the kernel, after `pending` was above 0; or it has been told that no more comes. */
  drained(): void
  /** Gone, in both directions; nothing comes after this. */
  closed(cause: Error | null): void
}

/** Reads of all channels end up here first: one buffer, no allocation per read. Nothing in it outlives `received`. */
const SHARED = Buffer.allocUnsafeSlow(65_536)
/** A channel that moves a large body reads into a buffer of its own, which can be handed to the kernel without a copy. */
const BULK = 131_072
/** A read of this size is a sign of more. */
const MUCH = 32_768
/** Up to this size bytes go out within the text before and after them. */
const SMALL = 1_024
/** Up to this size they are gathered with it in one buffer, and so leave in one write; there is one, unless a write of it was left unfinished. */
const MIDDLE = 24_576
const GATHER = 32_768
let gather: Buffer | null = Buffer.allocUnsafeSlow(GATHER)

export class Channel {
  readonly socket: Socket
  receiver: Receiver
  private readonly outlet: Outlet
  private out = ''
  private gathered: Buffer | null = null
  private filled = 0
  private own: Buffer | null = null
  private given: Buffer | null = null
  private bulk = false
  private cause: Error | null = null
  private readonly outlasts: boolean

  /** Wraps what `open` makes around our read callback. `outlasts`: where the other end takes nothing more, what it sent before that is read all the same. */
  constructor(receiver: Receiver, open: (onread: OnRead) => Socket, outlasts = false) {
    this.receiver = receiver
    this.outlasts = outlasts
    this.socket = open({ buffer: () => this.readBuffer(), callback: (size, bytes) => this.take(size, bytes) })
    this.outlet = new Outlet(this.socket, () => this.receiver.drained(), error => { if (!this.outlasts) this.socket.destroy(error) })
    this.listen()
  }

  private listen(): void {
    this.socket.on('end', () => this.readAll())
    this.socket.on('finish', () => this.receiver.drained())
    this.socket.on('error', cause => { this.cause = cause })
    this.socket.on('close', () => this.receiver.closed(this.cause))
  }

  /** A connection that was reset looks as if it had ended, where all of it came at once. A write says which it was; one under way does so within this turn of the event loop. */
  private readAll(): void {
    if (!this.outlasts) this.receiver.ended()
    else if (this.outlet.pending > 0) setImmediate(() => this.judge())
    else this.judge()
  }

  /** EPIPE: the other end had ended properly before the reset. After anything else what was read may be cut short. */
  private judge(): void {
    this.outlet.probe()
    const { broken } = this.outlet
    if (broken === null || (broken as NodeJS.ErrnoException).code === 'EPIPE') this.receiver.ended()
    if (broken !== null) this.socket.destroy(broken)
  }

  /** Whether the other end takes nothing more. Of a channel that outlasts this the rest is still to be read. */
  get deaf(): boolean { return this.outlet.broken !== null }
  /** How many writes the other end's kernel, or ours, has taken. */
  get taken(): number { return this.outlet.taken }

  /** Bytes written and not yet taken by the kernel; above 0, `drained` follows. */
  get pending(): number { return this.outlet.pending + this.filled + this.out.length }
  /** Bytes the kernel has not taken yet, as of now: fewer whenever the other end has read some. */
  get unsent(): number { return (this.socket as unknown as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0 }
  get gone(): boolean { return this.socket.destroyed }

  /** Whether the other end takes less than it is given. */
  get stuck(): boolean { return this.outlet.pending > 0 }

  /** Adds latin1 text to what the next flush writes. */
  put(text: string): void { this.out += text }

  /** Adds bytes to what the next flush writes. `bytes` may be reused when this returns, unless it is our source's own buffer (`lent`). */
  putBytes(bytes: Buffer, start: number, end: number, source: Channel | null): void {
    if (end - start <= SMALL) this.out += bytes.toString('latin1', start, end)
    else if (end - start <= MIDDLE) this.gather(bytes, start, end)
    else this.pass(bytes.subarray(start, end), source !== null && source.lends(bytes))
  }

  private gather(bytes: Buffer, start: number, end: number): void {
    if (this.filled + this.out.length + end - start > GATHER) this.flush()
    if (this.out.length > GATHER - MIDDLE) this.flush()
    this.gatherText()
    if (this.gathered !== null) this.filled += bytes.copy(this.gathered, this.filled, start, end)
  }

  private gatherText(): void {
    this.gathered ??= gather ?? Buffer.allocUnsafeSlow(GATHER)
    gather = null
    this.filled += this.gathered.write(this.out, this.filled, 'latin1')
    this.out = ''
  }

  private pass(piece: Buffer, lent: boolean): void {
    if (this.gathered !== null) this.flush()
    const text = this.out
    this.out = ''
    this.outlet.write(text, lent ? piece : Buffer.from(piece))
  }

  /** Writes what was put. */
  flush(): void {
    if (this.gathered !== null) this.flushGathered(this.gathered)
    if (this.out === '') return
    const text = this.out
    this.out = ''
    this.outlet.write(text, null)
  }

  private flushGathered(gathered: Buffer): void {
    if (this.filled + this.out.length <= GATHER) this.gatherText()
    const piece = gathered.subarray(0, this.filled)
    this.gathered = null
    this.filled = 0
    if (this.outlet.write('', piece)) gather = gathered
  }

  /** Whether much is expected: then, after a first large read, this channel reads into its own buffer. While that is lent to a write, the reader must be paused. */
  setBulk(on: boolean): void {
    this.bulk = on
    if (!on) this.own = null
  }
  lends(bytes: Buffer): boolean { return bytes === this.own }

  /** Asked for before each read; nothing where it is to be the same as before. */
  private readBuffer(): Buffer | undefined {
    const wanted = this.own ?? SHARED
    if (wanted === this.given) return undefined
    return this.given = wanted
  }

  private take(size: number, bytes: Uint8Array): boolean {
    if (this.bulk && size >= MUCH) this.own ??= Buffer.allocUnsafeSlow(BULK)
    this.receiver.received(bytes as Buffer, size)
    return !this.paused
  }

  get paused(): boolean { return this.socket.isPaused() }
  pause(): void { this.socket.pause() }
  resume(): void { if (!this.socket.destroyed) this.socket.resume() }

  /** Writes what was put, then tells the other end that no more comes. */
  end(): void {
    this.flush()
    this.outlet.end()
  }

  destroy(): void {
    this.forget()
    this.socket.destroy()
  }

  private forget(): void {
    this.out = ''
    this.filled = 0
    gather ??= this.gathered
    this.gathered = null
  }

  /** Closes with a reset, which drops what the kernel still holds: a response cut short can't be taken for a whole one. */
  reset(): void {
    this.forget()
    if (this.socket.destroyed) return
    if (this.socket.resetAndDestroy !== undefined && !this.socket.connecting) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }
}

export type OnRead = { buffer: () => Buffer | undefined; callback: (size: number, bytes: Uint8Array) => boolean }

/** A channel to an address and port, or to a unix socket. It outlasts a reset: a server may answer, and close with some of the request unread. */
export function dial(receiver: Receiver, target: { address: string; port: number } | { path: string }): Channel {
  return new Channel(receiver, onread => {
    const to = 'path' in target ? { path: target.path } : { host: target.address, port: target.port, noDelay: true }
    const options: unknown = { onread, allowHalfOpen: true }
    return new Socket(options as ConstructorParameters<typeof Socket>[0]).connect(to)
  }, true)
}
