// The frames of a command run in a site: how standard streams, the exit code and the terminal's size share one connection.
// Written and read by the provisioner's exec on one side and by whoever shows the terminal on the other.
//
// A frame is a type byte, the payload's length (32 bits, big-endian) and the payload:
//   0 stdin    to the command      1 end      to the command: no more input, no payload
//   2 stdout   from the command    3 stderr   from the command (never with a terminal)
//   4 exit     from the command: its status, 32 bits big-endian; the last frame
//   5 resize   to the command: columns and rows, 16 bits big-endian each (with a terminal only)

export const FRAME = { stdin: 0, end: 1, stdout: 2, stderr: 3, exit: 4, resize: 5 } as const
export type FrameType = keyof typeof FRAME
export type Frame = { type: FrameType; payload: Buffer }

/** A payload longer than this is a defect or an attack. Bytes. */
export const MAX_PAYLOAD = 2 ** 20
const HEAD = 5
const TYPES = Object.keys(FRAME) as FrameType[]

/** One frame as bytes. */
export function frame(type: FrameType, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.allocUnsafe(HEAD)
  head.writeUInt8(FRAME[type], 0)
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}

export function exitFrame(status: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(status >>> 0)
  return frame('exit', payload)
}

export function resizeFrame(columns: number, rows: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt16BE(columns, 0)
  payload.writeUInt16BE(rows, 2)
  return frame('resize', payload)
}

/** Cuts a byte stream into frames. `read` throws at an unknown type or a payload over 1 MiB. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0)

  /** The frames that `chunk` completes. */
  read(chunk: Uint8Array): Frame[] {
    this.#held = Buffer.concat([this.#held, chunk])
    const frames: Frame[] = []
    for (let next = this.#next(); next; next = this.#next()) frames.push(next)
    return frames
  }

  #next(): Frame | null {
    if (this.#held.length < HEAD) return null
    const type = TYPES[this.#held.readUInt8(0)]
    const length = this.#held.readUInt32BE(1)
    if (!type || length > MAX_PAYLOAD) throw new RangeError('not a frame')
    if (this.#held.length < HEAD + length) return null
    const payload = this.#held.subarray(HEAD, HEAD + length)
    this.#held = this.#held.subarray(HEAD + length)
    return { type, payload }
  }
}
