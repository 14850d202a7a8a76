// What a channel writes: at once where the kernel takes it, in order afterwards. One for each channel, made and called by channel.ts.
// It calls the socket's own write operations (`_write` and `_writev`, which a Writable calls too) and so spares each message the Writable's
// queue, its states and a tick of the event loop: a tenth of what a small request costs. The Writable is used for the end only.
import type { Socket } from 'node:net'

type Piece = { chunk: string | Buffer; encoding: 'latin1' | 'buffer' }
type Done = (error?: Error | null) => void
/** `done` is called within the call where the kernel took everything. */
type Raw = { _write(chunk: string | Buffer, encoding: 'latin1' | 'buffer', done: Done): void; _writev(pieces: Piece[], done: Done): void }

const NOTHING = Buffer.alloc(0)

export class Outlet {
  /** Bytes given and not yet taken by the kernel. */
  pending = 0
  /** How many writes the kernel has taken, in part at least. */
  taken = 0
  /** Why nothing more is taken. */
  broken: Error | null = null
  /** calling: within a write. writing: one is unfinished. */
  private state: 'idle' | 'calling' | 'writing' = 'idle'
  private open = true
  /** Whether a write was left unfinished since `drained` was last called. */
  private late = false
  private waiting: Piece[] = []
  private readonly socket: Socket
  private readonly raw: Raw
  private readonly drained: () => void
  private readonly failed: (error: Error) => void
  private readonly done: Done = error => this.over(error)

  /**
   * `drained`: what was left unfinished has been taken, or never will be. Called from the event loop, never from within a write.
   * `failed`: the other end takes nothing more. What is given from then on is dropped; whether the socket is closed is for the callee to say.
   */
  constructor(socket: Socket, drained: () => void, failed: (error: Error) => void) {
    this.failed = failed
    this.socket = socket
    this.raw = socket as unknown as Raw
    this.drained = drained
  }

  /** Writes latin1 text, then `bytes`, which must not change before they are taken. Whether they have been when this returns. */
  write(text: string, bytes: Buffer | null): boolean {
    if (!this.open || this.socket.destroyed) return true
    this.pending += text.length + (bytes === null ? 0 : bytes.length)
    if (this.state === 'idle' && (text === '' || bytes === null)) this.call(text, bytes)
    else this.enqueue(text, bytes)
    return this.state === 'idle'
  }

  private enqueue(text: string, bytes: Buffer | null): void {
    if (text !== '') this.waiting.push({ chunk: text, encoding: 'latin1' })
    if (bytes !== null) this.waiting.push({ chunk: bytes, encoding: 'buffer' })
    if (this.state === 'idle') this.next()
  }

  /** Writes nothing, which fails where the connection was reset: `failed` is then called within this. */
  probe(): void { if (this.open && this.state === 'idle' && !this.socket.destroyed) this.call('', NOTHING) }

  /** Says that no more comes, once all has been taken. */
  end(): void {
    if (!this.open) return
    this.open = false
    if (this.state === 'idle') this.socket.end()
  }

  private next(): void {
    const pieces = this.waiting
    this.waiting = []
    this.state = 'calling'
    this.raw._writev(pieces, this.done)
    this.called()
  }

  private call(text: string, bytes: Buffer | null): void {
    this.state = 'calling'
    if (bytes === null) this.raw._write(text, 'latin1', this.done)
    else this.raw._write(bytes, 'buffer', this.done)
    this.called()
  }

  private called(): void { if (this.state === 'calling') this.state = 'writing' }

  private over(error: Error | null | undefined): void {
    if (this.state === 'writing') this.late = true
    if (!error || this.late) this.taken++
    this.state = 'idle'
    if (error) this.fail(error)
    if (this.socket.destroyed) return
    if (this.waiting.length > 0) return this.next()
    this.pending = 0
    if (!this.open && this.broken === null) this.socket.end()
    if (!this.late) return
    this.late = false
    this.drained()
  }

  private fail(error: Error): void {
    this.open = false
    this.broken = error
    this.waiting = []
    this.failed(error)
  }
}
