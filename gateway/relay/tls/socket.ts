// The TLS end of an accepted connection: a TLSSocket right on the kernel's handle, without a net.Socket between, read without an allocation per read. Made by door.ts.
import { TLSSocket, type SecureContext } from 'node:tls'
import type { OnRead } from '../channel.ts'
import type { Handle } from '../listener.ts'

/** What is decrypted is put here, at most a record at a time, for all connections; what isn't taken at once is copied. */
const READ = Buffer.allocUnsafeSlow(16_384)

type Options = { isServer: true; secureContext: SecureContext; ALPNProtocols: Buffer; allowHalfOpen: true; handle: Handle; onread: OnRead | { buffer: Buffer; callback: OnRead['callback'] } }
/** The parts of Node's TLSSocket used here: it takes an unconnected socket's handle from `_wrapHandle`. */
type Inside = TLSSocket & {
  _tlsOptions: Options
  _handle: { receive(bytes: Buffer): void } | null
  _wrapHandle(wrap: null, handle: Handle, busy: boolean): object
  _releaseControl(): boolean
  secureConnecting: boolean
  connecting: boolean
}
const Base = TLSSocket as unknown as new (socket: undefined, options: Options) => Inside

export class Tls extends Base {
  private readonly bare: Handle
  private taker: OnRead['callback'] | null

  constructor(handle: Handle, secureContext: SecureContext, protocols: Buffer) {
    const onread = { buffer: READ, callback: (size: number, bytes: Uint8Array): boolean => this.came(size, bytes) }
    super(undefined, { isServer: true, secureContext, ALPNProtocols: protocols, allowHalfOpen: true, handle, onread })
    this.bare = handle
    this.taker = null
    this.connecting = false
    this.on('error', () => {})
  }

  override _wrapHandle(): object { return super._wrapHandle(null, this._tlsOptions.handle, false) }

  /** What was read before TLS began. */
  begin(bytes: Buffer): void { this._handle?.receive(bytes) }

  /** What tls.Server does after a handshake: errors are the socket's own from now on, and HTTP/2 need not wait for it. */
  release(): void {
    this._releaseControl()
    this.secureConnecting = false
    // A record that can't be read: OpenSSL has sent its alert, and the socket would stay open until its deadline.
    this.on('_tlsError', () => this.destroy())
  }

  /** For a channel: reads come as they are decrypted. */
  open(onread: OnRead): this {
    this.taker = onread.callback
    return this.on('data', (bytes: Buffer) => onread.callback(bytes.length, bytes))
  }

  /** OpenSSL gives all that it has, also to who has paused meanwhile: that waits in the stream, in order. */
  private came(size: number, bytes: Uint8Array): boolean {
    if (this.taker !== null && this.readableLength === 0 && !this.isPaused()) return this.taker(size, bytes)
    return this.push(Buffer.from(bytes.subarray(0, size)))
  }

  /** Node's own knows no TLS: the handle is closed with a reset where it would be closed. */
  override resetAndDestroy(): this {
    const { bare } = this
    const close = bare.close.bind(bare)
    bare.close = done => { if (bare.reset(done) !== 0) close(done) }
    return this.destroy()
  }
}
