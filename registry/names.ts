// What a name of the zone may look like, and which names nobody gets. Called by reservations.ts and parse.ts.
import { readFileSync } from 'node:fs'
import type { NameVerdict } from './registry.ts'

/** A DNS label (RFC 1035 section 2.3.1) has at most 63 octets. */
const LONGEST = 63

/** Reserved names, each with the end of the sentence "NAME ...". */
const RESERVED = new Map(Object.entries(
  JSON.parse(readFileSync(`${import.meta.dirname}/reserved.json`, 'utf8')) as Record<string, string>))

/** Whether `name` is well formed and not reserved; whether it is taken is another question. */
export function judgeName(name: string): NameVerdict {
  const wrong = misspelling(name)
  if (wrong !== null) return { available: false, code: 'name_invalid', reason: wrong }
  const kept = reservedWhy(name)
  if (kept !== null) return { available: false, code: 'name_reserved', reason: kept }
  return { available: true }
}

/** What is wrong with `name` as a label, as a sentence, or null. Long names are not repeated in it. */
function misspelling(name: string): string | null {
  if (name === '') return 'a name has at least one letter or digit'
  if (name.length > LONGEST) return `a name has at most ${LONGEST} letters, this one has ${name.length}`
  if (/[A-Z]/.test(name) && /^[A-Za-z0-9-]+$/.test(name)) return `names are in small letters: try ${name.toLowerCase()}`
  if (!/^[a-z0-9-]+$/.test(name)) return 'a name consists of the letters a to z, digits and hyphens'
  if (name.startsWith('-') || name.endsWith('-')) return 'a name neither starts nor ends with a hyphen'
  // RFC 5891 section 4.2.3.1: these are kept for encodings such as xn--.
  if (name.startsWith('--', 2)) return 'a name has no two hyphens in the third and fourth place'
  return null
}

function reservedWhy(name: string): string | null {
  if (name.endsWith('--tools')) return 'names that end in --tools are where the tools of sites live'
  const why = RESERVED.get(name)
  return why === undefined ? null : `${name} ${why} and can't be reserved`
}
