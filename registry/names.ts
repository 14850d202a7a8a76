// What a name of the zone may look like, and which names nobody gets. Called by reservations.ts and parse.ts.
import { readFileSync } from 'node:fs'
import { domainToASCII, domainToUnicode } from 'node:url'
import type { NameFault, NameVerdict } from './registry.ts'

/** A DNS label (RFC 1035 section 2.3.1) has at most 63 octets. */
const LONGEST = 63

/** Reserved names, each with the end of the sentence "NAME ...". */
const RESERVED = new Map(Object.entries(
  JSON.parse(readFileSync(`${import.meta.dirname}/reserved.json`, 'utf8')) as Record<string, string>))

type Wrong = { because: NameFault; reason: string }

/** Whether `name` is well formed and not reserved; whether it is taken is another question. */
export function judgeName(name: string): NameVerdict {
  const wrong = misspelling(name)
  if (wrong !== null) return { available: false, code: 'name_invalid', ...wrong }
  const kept = reservedWhy(name)
  if (kept !== null) return { available: false, code: 'name_reserved', ...kept }
  return { available: true }
}

/** What is wrong with `name` as a label, as a sentence, or null. Long names are not repeated in it. */
function misspelling(name: string): Wrong | null {
  if (name === '') return { because: 'empty', reason: 'a name has at least one letter or digit' }
  if (name.length > LONGEST) return { because: 'long', reason: `a name has at most ${LONGEST} letters, this one has ${name.length}` }
  if (/[A-Z]/.test(name) && /^[A-Za-z0-9-]+$/.test(name)) return { because: 'capitals', reason: `names are in small letters: try ${name.toLowerCase()}` }
  if (!/^[a-z0-9-]+$/.test(name)) return { because: 'letters', reason: 'a name consists of the letters a to z, digits and hyphens' }
  if (name.startsWith('-') || name.endsWith('-')) return { because: 'hyphens', reason: 'a name neither starts nor ends with a hyphen' }
  if (name.startsWith('xn--')) return isHonest(name) ? null : { because: 'mixed', reason: 'a name in other letters than a to z keeps to one script, and is no look-alike of Latin letters' }
  // RFC 5891 section 4.2.3.1: these are kept for encodings such as xn--.
  if (name.startsWith('--', 2)) return { because: 'third', reason: 'a name has no two hyphens in the third and fourth place' }
  return null
}

function reservedWhy(name: string): Wrong | null {
  if (name.endsWith('--tools')) return { because: 'tools', reason: 'names that end in --tools are where the tools of sites live' }
  const why = RESERVED.get(name)
  if (why !== undefined) return { because: 'reserved', reason: `${name} ${why} and can't be reserved` }
  const like = lookAlike(name)
  return like === null ? null : { because: 'lookalike', reason: `${name} looks like ${like}, which is kept for the house itself` }
}

/** What people read where they see `name`: letters for digits and pairs that pass for them, without accents and hyphens. */
function readings(name: string): string[] {
  const plain = unicodeOf(name).normalize('NFKD').replace(/[\p{M}-]/gu, '').replace(/rn/g, 'm').replace(/vv/g, 'w').replace(/0/g, 'o').replace(/3/g, 'e').replace(/5/g, 's').replace(/4/g, 'a')
  return [plain.replace(/1/g, 'l'), plain.replace(/1/g, 'i')]
}

/** The reserved name that this one could pass for. Names that end in a number (`web12`) pass for nobody else's. */
function lookAlike(name: string): string | null {
  return readings(name).find(reading => reading !== name && RESERVED.has(reading)) ?? null
}

/** An A-label (RFC 5890 section 2.3.2.1) as people read it; any other name as it is. */
export function unicodeOf(name: string): string {
  return name.startsWith('xn--') ? domainToUnicode(name) : name
}

/** The label in which DNS holds what was typed: `Café` is `xn--caf-dma`. What can't be one stays as it is, to be refused by name. */
export function labelOf(typed: string): string {
  const text = typed.trim()
  if (/^[\x00-\x7f]*$/.test(text) || /[.。．｡/@:?#\s]/.test(text)) return text
  return domainToASCII(text) || text
}

const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Armenian', 'Georgian', 'Devanagari', 'Bengali', 'Tamil', 'Thai', 'Hangul', 'Ethiopic'].map(script => new RegExp(`^[\\p{Script=${script}}\\p{M}0-9-]+$`, 'u'))
/** Japanese and Chinese are written in several at once. */
const EAST_ASIAN = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc0-9-]+$/u
/** Words of nothing but these read as Latin ones: Cyrillic, Greek and Armenian letters. */
const LIKE_LATIN = /^[аеорсухіјѕԁԛԝһӏʏαονρτικυօսոցհ0-9-]+$/u

/** Whether an A-label decodes, to one script, and to something that isn't read as Latin. */
function isHonest(name: string): boolean {
  const text = unicodeOf(name)
  if (text === name || domainToASCII(text) !== name || /^[\x00-\x7f]*$/.test(text) || LIKE_LATIN.test(text)) return false
  return EAST_ASIAN.test(text) || SCRIPTS.some(script => script.test(text))
}
