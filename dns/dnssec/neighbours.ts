// The names just before and just after one that doesn't exist, for denials that tell of no other name (RFC 4470). Called by denial.ts.
// Names that exist have no label with a byte of 255 (registry/ lets through letters, digits, - _ *), which is what the shortest form of
// "just before" builds on.

const MOST_NAME = 255
const MOST_LABEL = 63
const LAST = '\xff'

/**
 * A name before `label` below `parent` (a key) with nothing that exists between the two. `parent` itself where there is no other.
 */
export function before(label: string, parent: string): string {
  const last = label.charCodeAt(label.length - 1)
  return last === 0 ? afterShorter(label.slice(0, -1), parent) : afterAll(label.slice(0, -1) + lower(last), parent)
}

/** The first name after `label` below `parent` and after everything below it. `zone`, a key: what follows its last name is itself. */
export function after(label: string, parent: string, zone: string): string {
  const longer = label + '\0'
  if (fits(longer, parent)) return child(longer, parent)
  const shorter = label.replace(/\xff+$/, '')
  if (shorter !== '') return child(shorter.slice(0, -1) + higher(shorter.charCodeAt(shorter.length - 1)), parent)
  if (parent === zone) return zone
  const length = parent.charCodeAt(0)
  return after(parent.slice(1, length + 1), parent.slice(length + 1), zone)
}

export function child(label: string, parent: string): string {
  return String.fromCharCode(label.length) + label + parent
}

/** Behind all that is below `label`, and before the next label: one more byte than any that exists; else a name below it. */
function afterAll(label: string, parent: string): string {
  return fits(label + LAST, parent) ? child(label + LAST, parent) : afterShorter(label, parent)
}

/** The last name below `label`; where not even one byte has room below it, nothing else is there either. */
function afterShorter(label: string, parent: string): string {
  if (label === '') return parent
  const name = child(label, parent)
  return fits(LAST, name) ? child(LAST, name) : name
}

function fits(label: string, parent: string): boolean {
  return label.length <= MOST_LABEL && 1 + label.length + parent.length <= MOST_NAME
}

/** Upper case is no byte of its own in canonical order: before [ comes @, after @ comes [. */
function lower(byte: number): string {
  return String.fromCharCode(byte === 0x5b ? 0x40 : byte - 1)
}

function higher(byte: number): string {
  return String.fromCharCode(byte === 0x40 ? 0x5b : byte + 1)
}
