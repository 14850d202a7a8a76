// Serial numbers of zones (RFC 1982): 32 bits, and 0 follows the largest. Used by transfer.ts.

/** Whether `serial` is `than` or a later one (section 3.2). */
export function isAtLeast(serial: number, than: number): boolean {
  return (serial - than + 2 ** 32) % 2 ** 32 < 2 ** 31
}
