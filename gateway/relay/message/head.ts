// Finds where a head ends in what has arrived. Called by opening.ts and upstream.ts.

/** Most heads are shorter than this, and a string is searched faster than a buffer. */
const PROBE = 2_048
const END = Buffer.from('\r\n\r\n')

/**
 * The whole head that begins at `at`, its empty line included, as latin1; null while it isn't whole.
 * `searched`: how many bytes from `at` an earlier call has looked at in vain.
 */
export function takeHead(bytes: Buffer, at: number, end: number, searched: number): string | null {
  if (searched === 0) {
    const text = bytes.toString('latin1', at, Math.min(end, at + PROBE))
    const over = text.indexOf('\r\n\r\n')
    if (over >= 0) return over + 4 === text.length ? text : text.slice(0, over + 4)
    if (end - at <= PROBE) return null
  }
  const over = bytes.subarray(0, end).indexOf(END, at + Math.max(0, searched - 3))
  return over < 0 ? null : bytes.toString('latin1', at, over + 4)
}

/** Whether an unfinished head already holds a bare LF, for which its sender would wait in vain. `searched`: how many bytes from `at` were seen to hold none. */
export function hasBareLineFeed(bytes: Buffer, at: number, end: number, searched = 0): boolean {
  for (let lf = bytes.indexOf(10, at + searched); lf >= 0 && lf < end; lf = bytes.indexOf(10, lf + 1)) {
    if (lf === at || bytes[lf - 1] !== 13) return true
  }
  return false
}
