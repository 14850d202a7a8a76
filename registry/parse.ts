// Makes our types out of what comes from outside; inside, they are trusted. Called wherever bytes of people enter: panel, command line, desk.
// Each function takes anything and either returns the type or throws an AubergeError that says what to write instead.
import ipaddr from 'ipaddr.js'
import { isIPv4, isIPv6 } from 'node:net'
import { AubergeError, type ErrorCode } from '../wire/error.ts'
import { judgeName } from './names.ts'
import { DEFAULT_LIMITS, type Egress, type Limits, type Reservation, type Role } from './types.ts'

const KIB = 1024
const MIB = KIB * 1024
const GIB = MIB * 1024
const BLOCK = 4096

/** What limits may be set to: bytes, cores, bytes, processes, bytes. */
export const LIMIT_BOUNDS: Record<keyof Limits, { least: number; most: number }> = {
  memory: { least: 64 * MIB, most: 64 * GIB },
  cpu: { least: 0.05, most: 64 },
  disk: { least: 64 * MIB, most: 1024 * GIB },
  pids: { least: 32, most: 4096 },
  database: { least: 16 * MIB, most: 64 * GIB },
}

/** A name that could be reserved: `name_invalid` or `name_reserved`. */
export function parseSiteName(input: unknown): string {
  const name = text(input, 'name_invalid', 'a name')
  const verdict = judgeName(name)
  if (!verdict.available) throw new AubergeError(verdict.code, verdict.reason)
  return name
}

/** What the audit log calls the command line and the house itself. */
const OURS = new Set(['console', 'auberge'])

/** A username: 1 to 32 of a-z, 0-9, `.`, `_` and `-`, first and last a letter or digit. */
export function parseUsername(input: unknown): string {
  const name = text(input, 'username_invalid', 'a username')
  if (OURS.has(name)) throw new AubergeError('username_invalid', `${name} is what the house calls itself: choose another username`)
  if (/^[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?$/.test(name)) return name
  const hint = /^[A-Za-z0-9._-]{1,32}$/.test(name) && name !== name.toLowerCase() ? `: try ${name.toLowerCase()}` : ''
  throw new AubergeError('username_invalid', `a username has 1 to 32 of the letters a to z, digits, . _ and -, and starts and ends with a letter or digit${hint}`)
}

export function parseRole(input: unknown): Role {
  if (input === 'user' || input === 'admin') return input
  throw new AubergeError('invalid', 'a role is user or admin')
}

/** What an API token is called by its owner: 1 to 64 visible characters. */
export function parseTokenName(input: unknown): string {
  const name = text(input, 'invalid', "a token's name").trim()
  if (name === '' || name.length > 64 || /\p{C}/u.test(name)) throw new AubergeError('invalid', "a token's name has 1 to 64 visible characters")
  return name
}

/** An image's name: 1 to 32 of a-z, 0-9 and inner hyphens. */
export function parseImageName(input: unknown): string {
  const name = text(input, 'invalid', "an image's name")
  if (/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) return name
  throw new AubergeError('invalid', "an image's name has 1 to 32 of the letters a to z, digits and hyphens")
}

/** One version of an image, as `php@3`. */
export function parseImageVersion(input: unknown): string {
  const [name, version, ...rest] = text(input, 'invalid', "an image's version").split('@')
  if (rest.length === 0 && /^[1-9]\d{0,8}$/.test(version ?? '')) return `${parseImageName(name)}@${version}`
  throw new AubergeError('invalid', "a version of an image is its name and number, such as php@3; image list shows them")
}

/** What a site's pod is made of: an image's name, which means its newest version, or one version of it. */
export function parseImage(input: unknown): string {
  return typeof input === 'string' && input.includes('@') ? parseImageVersion(input) : parseImageName(input)
}

const LONGEST_START = 1000

/** The command line that starts an application, for a shell in the pod. Null, or nothing but spaces: the image's own. */
export function parseStart(input: unknown): string | null {
  if (input === null) return null
  const command = text(input, 'invalid', 'a start command').trim()
  if (/\p{C}/u.test(command) || command.length > LONGEST_START) throw new AubergeError('invalid', `a start command is one line of at most ${LONGEST_START} characters`)
  return command === '' ? null : command
}

/** What a site's pod may reach. */
export function parseEgress(input: unknown): Egress {
  if (input === 'internet' || input === 'none') return input
  throw new AubergeError('invalid', "a site's egress is internet or none")
}

/** Bytes, as a whole number or as text with K, M, G or T (powers of 1024): `256M`, `1.5G`. */
export function parseSize(input: unknown): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)(?:i?B)?$/i.exec(typeof input === 'number' ? String(input) : typeof input === 'string' ? input : '')
  const [, digits, unit = ''] = match ?? []
  const bytes = Math.round(Number(digits) * KIB ** ' KMGT'.indexOf(unit.toUpperCase() || ' '))
  if (!Number.isSafeInteger(bytes)) throw new AubergeError('invalid', 'a size is a number of bytes, or one with K, M, G or T such as 256M')
  return bytes
}

/** Some of a site's limits, each within LIMIT_BOUNDS; sizes as parseSize takes them. An unknown limit is `invalid`. */
export function parseLimits(input: unknown): Partial<Limits> {
  const limits: Partial<Limits> = {}
  for (const [key, value] of Object.entries(object(input, 'limits'))) {
    if (!isLimit(key)) throw new AubergeError('invalid', `${shown(key)} is no limit: there are memory, cpu, disk, pids and database`)
    limits[key] = bounded(key, key === 'cpu' || key === 'pids' ? number(value) : parseSize(value))
    // A file system has whole blocks; the provisioner would say less than was asked for.
    if (key === 'disk') limits[key] -= limits[key] % BLOCK
  }
  return limits
}

/** A limit as `parseLimits` reads it back, in whole units: `256M`, `0.5`. */
export function spellLimit(key: keyof Limits, value: number): string {
  if (key === 'cpu' || key === 'pids') return String(value)
  const power = [GIB, MIB, KIB].find(unit => value % unit === 0) ?? 1
  return `${value / power}${{ [GIB]: 'G', [MIB]: 'M', [KIB]: 'K' }[power] ?? ''}`
}

/** What an owner may choose: what everyone has, or what an administrator gave the site before. */
export function mostLimits(has: Limits): Limits {
  const one = (key: keyof Limits) => Math.max(has[key], DEFAULT_LIMITS[key])
  return { memory: one('memory'), cpu: one('cpu'), disk: one('disk'), pids: one('pids'), database: one('database') }
}

function number(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)) ? Number(value) : Number.NaN
}

function isLimit(key: string): key is keyof Limits {
  return Object.hasOwn(LIMIT_BOUNDS, key)
}

function bounded(key: keyof Limits, value: number): number {
  const { least, most } = LIMIT_BOUNDS[key]
  if (value >= least && value <= most && (key !== 'pids' || Number.isInteger(value))) return value
  throw new AubergeError('invalid', `${key} is between ${spelled(key, least)} and ${spelled(key, most)}`)
}

function spelled(key: keyof Limits, value: number): string {
  if (key === 'cpu') return `${value} cores`
  if (key === 'pids') return `${value} processes`
  return value >= GIB ? `${value / GIB}G` : `${value / MIB}M`
}

/** Names the house sets itself in a site's environment; an owner can't. */
const OUR_ENV = /^(DB_|AUBERGE_|LD_|PATH$|HOME$|PORT$|APACHE_)/

/** Environment variables: at most 100, 32 KiB together, names as shells know them, values without NUL or line breaks. */
export function parseEnv(input: unknown): Record<string, string> {
  const entries = Object.entries(object(input, 'env'))
  if (entries.length > 100 || JSON.stringify(input).length > 32 * KIB) throw new AubergeError('too_large', 'a site has at most 100 environment variables and 32 KiB of them')
  return Object.fromEntries(entries.map(([key, value]) => [envName(key), envValue(key, value)]))
}

function envName(key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(key)) throw new AubergeError('invalid', `${shown(key)} is no name of an environment variable: use letters, digits and _`)
  if (OUR_ENV.test(key)) throw new AubergeError('invalid', `the environment variable ${key} is set by the house: choose another name`)
  return key
}

function envValue(key: string, value: unknown): string {
  if (typeof value === 'string' && !/[\0\r\n]/.test(value)) return value
  throw new AubergeError('invalid', `the environment variable ${key} must be text of one line`)
}

/**
 * How far the addresses of an external name may reach. `public`: what everyone can reach (the default of every zone but localhost),
 * for a public name that points into someone's own network is how web pages attack it (DNS rebinding). `any`: private and loopback as well.
 */
export type Reach = 'public' | 'any'

const NEVER = new Set(['unspecified', 'broadcast', 'multicast', 'linkLocal', 'ipv4Mapped', 'rfc6145', 'discard', 'deprecatedOrchid'])
const NEAR = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/** One IPv4 (dotted quad) or IPv6 address in its canonical text (RFC 5952). */
export function parseAddress(input: unknown, reach: Reach): { family: 4 | 6; address: string } {
  const given = text(input, 'invalid', 'an address').trim()
  if (!isIPv4(given) && (!isIPv6(given) || given.includes('%'))) throw new AubergeError('invalid', `${shown(given)} is no IPv4 or IPv6 address`)
  const parsed = ipaddr.parse(given)
  const future = parsed instanceof ipaddr.IPv4 && (parsed.octets[0] ?? 0) >= 240
  const range = parsed.range()
  if (NEVER.has(range) || future) throw new AubergeError('invalid', `${given} is not the address of one machine (${future ? 'reserved' : range})`)
  if (NEAR.has(range) && reach === 'public') throw new AubergeError('invalid', `${given} is reachable from one network only (${range}): a name needs a public address`)
  return parsed instanceof ipaddr.IPv6 ? { family: 6, address: parsed.toRFC5952String() } : { family: 4, address: given }
}

/** Where an external name points: a list of addresses, or `{a, aaaa}`; one to sixteen of them, each once. */
export function parseAddresses(input: unknown, reach: Reach): Reservation['addresses'] {
  const list = Array.isArray(input) ? input : grouped(input)
  if (list.length < 1 || list.length > 16) throw new AubergeError('invalid', 'a name points at 1 to 16 addresses')
  const parsed = list.map(one => parseAddress(one, reach))
  const of = (family: 4 | 6): string[] => [...new Set(parsed.filter(one => one.family === family).map(one => one.address))]
  return { a: of(4), aaaa: of(6) }
}

function grouped(input: unknown): unknown[] {
  const { a = [], aaaa = [] } = object(input, 'addresses')
  if (Array.isArray(a) && Array.isArray(aaaa)) return [...a, ...aaaa]
  throw new AubergeError('invalid', 'addresses are a list, or {a: [...], aaaa: [...]}')
}

function text(input: unknown, code: ErrorCode, what: string): string {
  if (typeof input === 'string') return input
  throw new AubergeError(code, `${what} is text`)
}

function object(input: unknown, what: string): Record<string, unknown> {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>
  throw new AubergeError('invalid', `${what}: an object is expected`)
}

/** Foreign text as a message may repeat it. */
function shown(input: string): string {
  return JSON.stringify(input.slice(0, 64))
}
