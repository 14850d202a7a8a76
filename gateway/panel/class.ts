// A class at once: names of people become usernames, each with a password of four words. Pure but for chance; called by api/class.ts and its page.
import { randomInt } from 'node:crypto'
import { dictionary } from '@zxcvbn-ts/language-common'
import { parse } from 'csv-parse/sync'
import { AubergeError } from '../../wire/error.ts'

/** People at once: hashing their passwords takes about 40 s of one core. */
export const MOST_PEOPLE = 200
/** Four of 7,776 words are 51 bits. */
const WORDS = dictionary['diceware-common'] ?? []

/** First lines that are headings, in whatever language we have seen. */
const HEADINGS = /^(username|user|identifiant|name|nom|prénom|prenom|first name|last name|firstname|lastname|given name|surname|élève|eleve|pupil|student)$/i

/** The people of a list as spreadsheets save it: one a line, their name in one or more columns apart by comma, semicolon or tab. */
export function readClass(text: string): string[] {
  const rows = rowsOf(text).map(row => row.map(cell => cell.trim()).filter(cell => cell !== '')).filter(row => row.length > 0)
  const people = rows[0]?.every(cell => HEADINGS.test(cell)) ? rows.slice(1) : rows
  return people.map(row => row.join(' '))
}

function rowsOf(text: string): string[][] {
  try {
    return parse(text, { bom: true, delimiter: [',', ';', '\t'], relax_column_count: true, relax_quotes: true, skip_empty_lines: true })
  } catch (error) {
    throw new AubergeError('invalid', `This list can't be read: ${error instanceof Error ? error.message : 'it is no CSV'}`)
  }
}

/** What spreadsheets of old save isn't UTF-8 but Windows-1252. */
export function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

export type Person = { person: string; username: string; password: string }

/** A username and a password for each; `taken` says which usernames somebody has. `invalid` where a name has no letter that a username may have. */
export function enrol(people: string[], taken: (username: string) => boolean): Person[] {
  if (people.length === 0) throw new AubergeError('invalid', 'The list is empty: one person a line.')
  if (people.length > MOST_PEOPLE) throw new AubergeError('too_large', `At most ${MOST_PEOPLE} people at once; this list has ${people.length}.`)
  const given = new Set<string>()
  return people.map(person => {
    const username = free(spelled(person), one => given.has(one) || taken(one))
    given.add(username)
    return { person, username, password: newPassphrase() }
  })
}

/** `Zoé D'Arc` is zoe.d.arc. */
function spelled(person: string): string {
  const plain = person.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss').replace(/æ/g, 'ae').replace(/œ/g, 'oe').replace(/ø/g, 'o').replace(/ł/g, 'l')
  const username = plain.replace(/[^a-z0-9]+/g, '.').slice(0, 28).replace(/^\.+|\.+$/g, '')
  if (username === '') throw new AubergeError('invalid', `No username can be made of ${JSON.stringify(person.slice(0, 64))}: write it in the letters a to z.`)
  return username
}

function free(wanted: string, taken: (username: string) => boolean): string {
  if (!taken(wanted)) return wanted
  for (let number = 2; ; number++) if (!taken(`${wanted}${number}`)) return `${wanted}${number}`
}

function newPassphrase(): string {
  return Array.from({ length: 4 }, () => WORDS[randomInt(WORDS.length)]).join('-')
}
