// Records as lines of text, the way zone files have them: `NAME [TTL] [IN] TYPE DATA`. Called by the command line and by the panel's form;
// records.ts judges what comes out.
import { AubergeError } from '../wire/error.ts'
import { RECORD_TYPES } from './recorddata.ts'
import type { SiteRecord } from './types.ts'

const LINE = new RegExp(`^(\\S+)\\s+(?:(\\d+)\\s+)?(?:IN\\s+)?(?:(\\d+)\\s+)?(${RECORD_TYPES.join('|')}|[A-Z][A-Z0-9]*)\\s+(.+)$`, 'i')

/** Records of lines; empty ones, and those that begin with `;` or `#`, say nothing. `invalid` names the line. */
export function readRecords(text: string): { name: string; type: string; ttl?: number; data: string }[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const said = line.trim()
    return said === '' || /^[;#]/.test(said) ? [] : [readRecord(said, index + 1)]
  })
}

function readRecord(line: string, number: number): { name: string; type: string; ttl?: number; data: string } {
  const [, name, before, after, type, data] = LINE.exec(line) ?? []
  if (name === undefined || type === undefined || data === undefined) {
    throw new AubergeError('invalid', `line ${number} is not of the form NAME [TTL] TYPE DATA, such as "www 300 CNAME www.example.org." or "@ TXT v=spf1 -all"`)
  }
  const ttl = before ?? after
  return { name, type, ...(ttl === undefined ? {} : { ttl: Number(ttl) }), data }
}

/** One line each. */
export function writeRecords(records: readonly SiteRecord[]): string {
  return records.map(({ name, type, ttl, data }) => `${name} ${ttl} ${type} ${data}\n`).join('')
}
