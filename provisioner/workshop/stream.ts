// The connection of a command: frames in, frames out, backpressure both ways, and an end that leaves nothing running. Made by exec.
import { Duplex } from 'node:stream'
import { exitFrame, frame, FrameReader, type Frame } from '../../wire/frames.ts'
import type { Command } from './commands.ts'

/** Milliseconds between two empty frames to a client that has ended its half: where it is gone altogether, they break the connection. */
const PULSE = 1000

export class ExecStream extends Duplex {
  readonly #command: Command
  readonly #leave: () => Promise<void>
  readonly #frames = new FrameReader()
  #waiting: (() => void) | null = null
  #state: 'running' | 'ended' = 'running'
  #left: Promise<void> | null = null
  #pulse: NodeJS.Timeout | undefined

  /** `leave` ends all that the command started and is called exactly once. */
  constructor(command: Command, leave: () => Promise<void>) {
    super({ allowHalfOpen: true })
    this.#command = command
    this.#leave = leave
    command.output((kind, chunk) => { if (!this.destroyed && !this.push(frame(kind, chunk))) command.pause() })
    command.drained(() => this.#continue())
    command.exited(() => void this.#depart())
    command.ended(status => void this.#finish(status))
  }

  override _read(): void {
    this.#command.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let open = true
    try {
      for (const each of this.#frames.read(chunk)) open = this.#obey(each) && open
    } catch (error) {
      return done(error as Error)
    }
    if (open || this.#state !== 'running') return done()
    this.#waiting = done
  }

  override _final(done: () => void): void {
    if (this.#state === 'running') {
      this.#command.end()
      this.#pulse = setInterval(() => this.#beat(), PULSE)
    }
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#continue()
    if (this.#state === 'running') this.#command.kill()
    void this.#depart().finally(() => done(error))
  }

  /** A connection whose other end was closed looks like one whose client only has no more to send, until something is written. */
  #beat(): void {
    if (this.#state === 'running' && this.readableLength === 0) this.push(frame('stdout'))
  }

  /** Whether the command wants more input. */
  #obey({ type, payload }: Frame): boolean {
    if (this.#state !== 'running') return true
    if (type === 'stdin') return this.#command.write(Buffer.from(payload))
    if (type === 'end') this.#command.end()
    if (type === 'resize' && payload.length === 4) this.#resize(payload.readUInt16BE(0), payload.readUInt16BE(2))
    return true
  }

  #resize(columns: number, rows: number): void {
    if (columns > 0 && rows > 0 && columns <= 1000 && rows <= 1000) this.#command.resize(columns, rows)
  }

  #continue(): void {
    const done = this.#waiting
    this.#waiting = null
    done?.()
  }

  /** What the command started is gone before its exit is told. */
  async #finish(status: number): Promise<void> {
    if (this.#state !== 'running') return
    this.#state = 'ended'
    this.#continue()
    await this.#depart()
    if (this.destroyed) return
    this.push(exitFrame(status))
    this.push(null)
  }

  #depart(): Promise<void> {
    clearInterval(this.#pulse)
    this.#left ??= this.#leave()
    return this.#left
  }
}
