// Reads the first bytes of a connection ahead of whoever serves it: a PROXY header, a ClientHello. Used by what stands before a visitor.
import type { Socket } from 'node:net'

/** What a reader makes of the bytes so far: a value and how many of them it takes away, or that it needs more, or that they are wrong. */
export type Reading<T> = { value: T; used: number } | 'more' | 'wrong'

/** At most this many bytes, and this long; milliseconds. */
export type Patience = { most: number; milliseconds: number }

/**
 * Gives `read` all that has come, again with each arrival, until it has a value; what it leaves is put back and the socket is paused.
 * null where the bytes are wrong, too many, too slow or end early: the socket is then as it was left, and the caller's to destroy.
 */
export function peek<T>(socket: Socket, { most, milliseconds }: Patience, read: (bytes: Buffer) => Reading<T>): Promise<T | null> {
  return new Promise(resolve => {
    let held: Buffer = Buffer.alloc(0)
    const settle = (value: T | null): void => {
      clearTimeout(timer)
      socket.pause().off('data', more).off('end', over).off('close', over).off('error', over)
      resolve(value)
    }
    const over = (): void => settle(null)
    const timer = setTimeout(over, milliseconds)
    const more = (bytes: Buffer): void => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const reading = read(held)
      if (reading === 'wrong' || (reading === 'more' && held.length >= most)) return settle(null)
      if (reading === 'more') return
      settle(reading.value)
      if (reading.used < held.length) socket.unshift(held.subarray(reading.used))
    }
    socket.on('data', more).on('end', over).on('close', over).on('error', over).resume()
  })
}
