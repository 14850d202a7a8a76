// The records that people keep under a name of theirs, and an administrator at the zone's apex: read from what comes in, judged against the
// rules of DNS, and never outside of what is theirs. Called by the desk, by restores, and by the command line's lines of text.
import { AubergeError } from '../wire/error.ts'
import { judgeName } from './names.ts'
import { parseAddress, type Reach } from './parse.ts'
import { isLabel, parseData, RECORD_TYPES, spellData, targetOf } from './recorddata.ts'
import type { RecordType, SiteRecord } from './types.ts'

/** Whose records: names are relative to `origin` (`alice.example`), `refusal` says why a name there can't have a type, or null. */
export type RecordScope = { origin: string; reach: Reach; refusal(name: string, type: RecordType): string | null }

const MOST_RECORDS = 100
/** Octets that the data of one set may have as text: a set is answered whole, and a forged sender must not gain much. */
const MOST_OF_SET = 4096
const MOST_LABELS = 10
/** Seconds an answer may be remembered: at least so long that resolvers don't ask all the time, at most a day. */
export const TTL_BOUNDS = { least: 30, most: 86_400, usual: 300 }

/** What an account may keep under its name. Addresses and aliases of the name itself are the house's, or those it points at. */
export function siteScope(name: string, zone: string, reach: Reach): RecordScope {
  const refusal = (at: string, type: RecordType): string | null => {
    if (type === 'NS') return 'a name of this house is not handed on to other name servers'
    if (at === '@' && ['A', 'AAAA', 'CNAME'].includes(type)) return `the addresses of ${name} itself are those of its site, or those it points at`
    return null
  }
  return { origin: `${name}.${zone}`, reach, refusal }
}

/** What an administrator may keep in the zone: at its apex, and at names that no account can reserve. */
export function zoneScope(zone: string, reach: Reach): RecordScope {
  const refusal = (at: string, type: RecordType): string | null => {
    const top = at.split('.').at(-1) ?? ''
    if (at === '@') return ['A', 'AAAA', 'CNAME'].includes(type) ? 'the addresses of the zone itself are those of the house (--public-ipv4, --public-ipv6)' : null
    if (type === 'NS') return 'only the zone itself has name servers'
    if (top === '*') return 'a wildcard below the zone would make every name exist'
    if (top === '_acme-challenge') return 'the house proves there that the zone is its own'
    if (top === 'ns') return 'the name server of the house is there'
    return judgeName(top).available ? `${top} is a name that an account may reserve: reserve it and keep the records under it` : null
  }
  return { origin: zone, reach, refusal }
}

/** Records as they come in, a list or `{records}`, in one spelling, each once. `invalid` says which one is wrong, and what to write. */
export function parseRecords(input: unknown, scope: RecordScope): SiteRecord[] {
  const list = Array.isArray(input) ? input : (input as { records?: unknown } | null | undefined)?.records
  if (!Array.isArray(list)) throw new AubergeError('invalid', 'records are a list of {name, type, ttl, data}')
  if (list.length > MOST_RECORDS) throw new AubergeError('invalid', `a name has at most ${MOST_RECORDS} records, these are ${list.length}`)
  const records = list.map((one: unknown, index) => numbered(index, () => parseRecord(one, scope)))
  const unique = [...new Map(records.map(record => [keyOf(record), record])).values()]
  checkSets(unique)
  checkAliases(unique, scope.origin)
  return unique
}

/** Sorted by name and type, as people read them. */
export function sorted(records: readonly SiteRecord[]): SiteRecord[] {
  const order = ({ name, type }: SiteRecord): string => `${name === '@' ? '' : name} ${String(RECORD_TYPES.indexOf(type)).padStart(2, '0')}`
  return [...records].sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0))
}

function numbered<T>(index: number, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof AubergeError) throw new AubergeError(error.code, `record ${index + 1}: ${error.message}`, { cause: error })
    throw error
  }
}

function parseRecord(input: unknown, scope: RecordScope): SiteRecord {
  const { name = '@', type, ttl = TTL_BOUNDS.usual, data } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>
  if (typeof name !== 'string' || typeof type !== 'string' || typeof data !== 'string') throw new AubergeError('invalid', 'a record is {name, type, ttl, data} with texts for name, type and data')
  const at = relative(name, scope.origin)
  const kind = typeOf(type)
  const why = scope.refusal(at, kind)
  if (why !== null) throw new AubergeError('invalid', `${at} can't have a record of type ${kind}: ${why}`)
  return { name: at, type: kind, ttl: parseTtl(ttl), data: spelled(kind, data, scope.reach) }
}

/** The name relative to `origin`, `@` for itself. One that ends in a dot, or in the origin's name, is a whole one. */
function relative(given: string, origin: string): string {
  const name = given.trim().toLowerCase()
  if (name === '' || name === '@' || name === origin || name === `${origin}.`) return '@'
  const whole = name.endsWith('.') ? name.slice(0, -1) : name.endsWith(`.${origin}`) ? name : `${name}.${origin}`
  if (!whole.endsWith(`.${origin}`)) throw new AubergeError('invalid', `${shown(given)} is not below ${origin}: names of records are`)
  const labels = whole.slice(0, -origin.length - 1).split('.')
  const wrong = labels.find((label, n) => !isLabel(label) && !(n === 0 && label === '*'))
  if (wrong !== undefined) throw new AubergeError('invalid', `${shown(wrong)} can't be a part of a name: there are letters, digits, hyphens and underscores, and * at the beginning`)
  if (labels.length > MOST_LABELS || whole.length > 253) throw new AubergeError('invalid', `${shown(given)} is too long: a name has at most ${MOST_LABELS} parts below ${origin}, and 253 characters in all`)
  return labels.join('.')
}

function typeOf(given: string): RecordType {
  const type = RECORD_TYPES.find(one => one === given.trim().toUpperCase())
  if (type === undefined) throw new AubergeError('invalid', `${shown(given)} is no type of record that is kept here: there are ${RECORD_TYPES.filter(one => one !== 'NS').join(', ')}`)
  return type
}

function parseTtl(given: unknown): number {
  const ttl = typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= TTL_BOUNDS.least && ttl <= TTL_BOUNDS.most) return ttl
  throw new AubergeError('invalid', `a TTL is between ${TTL_BOUNDS.least} and ${TTL_BOUNDS.most} seconds`)
}

function spelled(type: RecordType, text: string, reach: Reach): string {
  if (text.length > 2 * MOST_OF_SET) throw new AubergeError('invalid', `the data of a record of type ${type} is too long`)
  const data = parseData(type, text)
  if ('address' in data) return parseAddress(data.address, reach).address
  return spellData(type, data)
}

/** RFC 2181 section 5: one TTL for a set, and no record twice; a set is no larger than an answer may be. */
function checkSets(records: SiteRecord[]): void {
  for (const set of Map.groupBy(records, ({ name, type }) => `${name} ${type}`).values()) {
    const { name, type, ttl } = set[0]!
    if (set.some(record => record.ttl !== ttl)) throw new AubergeError('invalid', `the records of type ${type} at ${name} have different TTLs: give all of them the same`)
    if (set.reduce((sum, { data }) => sum + data.length, 0) > MOST_OF_SET) throw new AubergeError('invalid', `the records of type ${type} at ${name} are too long together: ${MOST_OF_SET} characters at most`)
  }
}

/** RFC 1034 section 3.6.2 and RFC 2181 section 10: an alias is alone, and neither mail nor services lead to one. */
function checkAliases(records: SiteRecord[], origin: string): void {
  const aliases = new Map(records.filter(({ type }) => type === 'CNAME').map(record => [record.name, record]))
  for (const record of records) {
    const alias = aliases.get(record.name)
    if (alias !== undefined && alias !== record) throw new AubergeError('invalid', `${record.name} has a CNAME, so it can have nothing else: ${record.type} ${record.data} is too much`)
    const target = targetOf(parseData(record.type, record.data))
    if (target === null) continue
    const at = target === `${origin}.` ? '@' : target.endsWith(`.${origin}.`) ? target.slice(0, -origin.length - 2) : null
    if (at === record.name && record.type === 'CNAME') throw new AubergeError('invalid', `the CNAME at ${at} leads to itself`)
    if (at !== null && aliases.has(at) && record.type !== 'CNAME') throw new AubergeError('invalid', `the ${record.type} at ${record.name} leads to ${target}, which is a CNAME: let it lead to the host itself`)
  }
}

function keyOf({ name, type, data }: SiteRecord): string {
  return `${name} ${type} ${data}`
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
