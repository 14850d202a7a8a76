// A connection that a load balancer passes on: known by the address in its PROXY header from here on. Called by relay.ts right after accepting, for each door.
import { HEADER_MOST, readHeader, type Passed } from './header.ts'
import { fromSocket, plain, type Accepted } from '../listener.ts'
import { peek } from '../peek.ts'

/** The connection without its header; null where there was none within `milliseconds`, or a broken one: it is closed then. */
export async function passedOn(accepted: Accepted, milliseconds: number): Promise<Accepted | null> {
  const socket = plain(accepted).on('error', () => {})
  const found = await peek(socket, { most: HEADER_MOST, milliseconds }, bytes => wrapped(readHeader(bytes)))
  if (found === null) socket.destroy()
  if (found === null || socket.destroyed) return null
  const { address, port } = found.passed ?? accepted
  const { open, take } = fromSocket(socket)
  return { take, open: onread => onread === undefined ? socket : open(onread).resume(), address, local: '', port }
}

/** A header may say nobody; peek's null is for none at all. */
function wrapped(reading: ReturnType<typeof readHeader>): { value: { passed: Passed }; used: number } | 'more' | 'wrong' {
  return typeof reading === 'string' ? reading : { value: { passed: reading.value }, used: reading.used }
}
