// Serial numbers of zones (RFC 1982): 32 bits, and 0 follows the largest. Used by control, which counts, and by the name server.

/** Whether `serial` is `than` or a later one (section 3.2). */
export function isAtLeast(serial: number, than: number): boolean {
  return (serial - than + 2 ** 32) % 2 ** 32 < 2 ** 31
}

/** The one after `serial` (section 3.1). */
export function nextSerial(serial: number): number {
  return (serial + 1) % 2 ** 32
}

/** The latest of `serials`; they must lie within half of all numbers. */
export function latestSerial(serials: readonly number[]): number {
  return serials.reduce((latest, serial) => (isAtLeast(latest, serial) ? latest : serial))
}
