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
