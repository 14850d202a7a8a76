// Names in wire form as latin1 strings, lower case: "\x05alice\x07example\x00". Equal strings are equal names whatever bytes
// are in their labels, which dots can't promise. Used by zone.ts; parse.ts makes the same keys out of queries.

/** The key of a dotted host name such as `alice.example`; a final dot is allowed. */
export function keyOf(name: string): string {
  const labels = name.toLowerCase().split('.').filter(label => label !== '')
  return labels.map(label => String.fromCharCode(label.length) + label).join('') + '\0'
}

/** The key of the name one label up, or null of the root. */
export function parentOf(key: string): string | null {
  const length = key.charCodeAt(0)
  return length === 0 ? null : key.slice(length + 1)
}

/** Whether `key` is `zone` or below it, label by label (RFC 1034 section 3.1). */
export function isWithin(key: string, zone: string): boolean {
  let at = 0
  while (key.length - at > zone.length) at += key.charCodeAt(at) + 1
  return key.length - at === zone.length && key.endsWith(zone)
}

/** Octets of the longest name (RFC 1035 section 3.1). */
const MOST_NAME = 255

/**
 * The key of the name at `at`, pointers followed; null if it is malformed or would pass `end` before its first pointer. Every pointer must point
 * before where the name, or the part that had it, began: so it ends whatever the packet says.
 */
export function expandName(wire: Buffer, at: number, end = wire.length): string | null {
  let key = ''
  for (let [next, start, bound] = [at, at, end]; next < bound;) {
    const length = wire[next] ?? 0
    if (length >= 0xc0) {
      const to = (length & 0x3f) << 8 | (wire[next + 1] ?? 0xff)
      if (to >= start || next + 2 > bound) return null
      ;[next, start, bound] = [to, to, wire.length]
    } else {
      if (length > 63 || next + 1 + length > bound || key.length + 1 + length > MOST_NAME) return null
      key += wire.toString('latin1', next, next + 1 + length)
      if (length === 0) return asciiLower(key)
      next += length + 1
    }
  }
  return null
}

/** RFC 4343: ASCII letters only; a length octet is never one. */
function asciiLower(key: string): string {
  return key.replace(/[A-Z]+/g, letters => letters.toLowerCase())
}
