// JSON messages, one a line, over a stream: how control, relays and DNS talk over their unix sockets.
import type { Duplex, Readable } from 'node:stream'

/** A message longer than this is a defect or an attack; the connection is closed. Bytes; a full routing table fits. */
const MAX_LINE = 256 * 2 ** 20

/**
 * Calls `each` with every JSON line that `stream` brings.
 * A line that isn't JSON, or over 256 MiB, destroys the stream with an error.
 */
export function readLines<T>(stream: Readable, each: (message: T) => void): void {
  let held: string[] = []
  let size = 0
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const parts = chunk.split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const line = held.join('') + part
      held = []
      size = 0
      if (line !== '') deliver(stream, line, each)
    }
    held.push(last)
    size += last.length
    if (size > MAX_LINE) stream.destroy(new Error('line too long'))
  })
}

function deliver<T>(stream: Readable, line: string, each: (message: T) => void): void {
  let message: T
  try {
    message = JSON.parse(line) as T
  } catch (cause) {
    stream.destroy(new Error('not a JSON line', { cause }))
    return
  }
  each(message)
}

/** Writes one message as a line. */
export function writeLine(stream: Duplex, message: unknown): void {
  if (stream.writable) stream.write(`${JSON.stringify(message)}\n`)
}
