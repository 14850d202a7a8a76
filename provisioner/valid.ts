// Parses everything a client may send. The provisioner trusts no client: what passes here is safe in argv, paths and files. Called by the server.
import { AubergeError } from '../wire/error.ts'
import { parseEgress, parseImage, parseStart } from '../registry/parse.ts'
import { parsePhp } from '../registry/php.ts'
import { MOST_PORTS, type OpenPort } from '../registry/ports.ts'
import type { Limits } from '../registry/types.ts'
import type { ExecRequest, FileChange, SiteSpec } from './api.ts'

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const IMAGE = /^[a-z0-9][a-z0-9-]{0,30}$/
const KEY = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
/** Bytes of all of a site's environment. */
const ENV = 64 * 1024
const MiB = 2 ** 20

/** What limits may be: bytes, cores and processes. */
export const BOUNDS: Record<keyof Limits, [min: number, max: number]> = {
  memory: [32 * MiB, 2 ** 40], cpu: [0.05, 256], disk: [16 * MiB, 2 ** 44], pids: [16, 32_768], database: [2 ** 20, 2 ** 44],
}

export function invalid(message: string): never { throw new AubergeError('invalid', message) }

type Fields = Record<string, unknown>

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(`${what} must be an object`)
  return value as Fields
}

/** A site's name: a DNS label in lower case. */
export function siteName(value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value)) invalid(`${JSON.stringify(value)?.slice(0, 80)} is no site's name: 1 to 63 of a-z, 0-9 and -, neither first nor last a -`)
  return value
}

export function imageName(value: unknown): string {
  if (typeof value !== 'string' || !IMAGE.test(value)) invalid(`${JSON.stringify(value)?.slice(0, 80)} is no image's name`)
  return value
}

export function siteSpec(value: unknown): SiteSpec {
  const { image, limits, env, php, start, egress, database, exposed } = fields(value, 'a specification')
  return { image: parseImage(image), limits: limitsOf(limits), env: environmentOf(env), php: parsePhp(php ?? {}), start: parseStart(start ?? null), egress: parseEgress(egress), database: databaseOf(database ?? null), exposed: exposedOf(exposed ?? null) }
}

/** A password needs no escaping anywhere. */
function databaseOf(value: unknown): SiteSpec['database'] {
  if (value === null) return null
  const { password } = fields(value, 'a database')
  if (typeof password !== 'string' || !/^[A-Za-z0-9]{20,64}$/.test(password)) invalid("a database's password has 20 to 64 letters and digits")
  return { password }
}

/** Each port and each slot once. Which ports are the house's own, the rules know. */
function exposedOf(value: unknown): SiteSpec['exposed'] {
  if (value === null) return null
  const { interface: own, ports } = fields(value, 'what is exposed')
  if (typeof own !== 'string' || !/^[0-9a-f]{12}$/.test(own)) invalid('an interface has 12 hexadecimal digits')
  if (!Array.isArray(ports) || ports.length < 1 || ports.length > MOST_PORTS) invalid(`a site has 1 to ${MOST_PORTS} ports open, or none at all`)
  const all = ports.map(openPort)
  if (new Set(all.map(each => each.port)).size < all.length || new Set(all.map(each => each.slot)).size < all.length) invalid('a port is open once, by a slot of its own')
  return { interface: own, ports: all }
}

function openPort(value: unknown): OpenPort {
  const { port, slot, proxyProtocol } = fields(value, 'a port')
  const whole = (number: unknown, least: number, most: number): number => (Number.isInteger(number) && Number(number) >= least && Number(number) <= most ? Number(number) : invalid(`a port or its slot is a whole number from ${least} to ${most}`))
  if (typeof proxyProtocol !== 'boolean') invalid('proxyProtocol must be true or false')
  return { port: whole(port, 1, 65_535), slot: whole(slot, 0, MOST_PORTS - 1), proxyProtocol }
}

function limitsOf(value: unknown): Limits {
  const all = fields(value, 'limits')
  const one = (key: keyof Limits) => {
    const number = all[key]
    const [min, max] = BOUNDS[key]
    const whole = key === 'cpu' || Number.isSafeInteger(number)
    if (typeof number !== 'number' || !(number >= min && number <= max) || !whole) invalid(`the limit ${key} must be ${min} to ${max}${key === 'cpu' ? '' : ', a whole number'}`)
    return number
  }
  return { memory: one('memory'), cpu: one('cpu'), disk: blocks(one('disk')), pids: one('pids'), database: one('database') }
}

/** Whole blocks of a file system. */
const blocks = (bytes: number) => Math.floor(bytes / 4096) * 4096

function environmentOf(value: unknown): Record<string, string> {
  const entries = Object.entries(fields(value, 'the environment'))
  for (const [key, text] of entries) {
    if (!KEY.test(key)) invalid(`${JSON.stringify(key).slice(0, 80)} can't be an environment variable: letters, digits and _, no digit first`)
    if (typeof text !== 'string' || /[\0\n\r]/.test(text)) invalid(`the environment variable ${key} must be text on one line`)
  }
  const bytes = entries.reduce((sum, [key, text]) => sum + Buffer.byteLength(`${key}=${String(text)}`) + 1, 0)
  if (bytes > ENV) invalid(`the environment has ${bytes} bytes; ${ENV} are the most`)
  return Object.fromEntries(entries) as Record<string, string>
}

export function tierOf(value: unknown): 'frozen' | 'asleep' {
  const { tier } = fields(value, 'a sleep')
  if (tier !== 'frozen' && tier !== 'asleep') invalid('the tier must be frozen or asleep')
  return tier
}

export function flag(value: unknown, key: string): boolean {
  const found = fields(value, 'the request')[key] ?? false
  if (typeof found !== 'boolean') invalid(`${key} must be true or false`)
  return found
}

/** A version's number, or null. */
export function version(value: unknown): number | null {
  const found = fields(value, 'the request').version ?? null
  if (found !== null && (!Number.isSafeInteger(found) || Number(found) < 1)) invalid('version must be a whole number from 1, or null')
  return found as number | null
}

export function text(value: unknown, key: string): string {
  const found = fields(value, 'the request')[key]
  if (typeof found !== 'string' || found.length > 200 || found.includes('\0')) invalid(`${key} must be a short text`)
  return found
}

/** Bytes of a site's description in a backup. */
const DESCRIPTION = 256 * 1024

/** What a backup begins with: text that whoever asks for the backup understands. */
export function description(value: unknown): string {
  const found = fields(value, 'the request').description
  if (typeof found !== 'string' || Buffer.byteLength(found) > DESCRIPTION) invalid(`description must be text of ${DESCRIPTION} bytes at most`)
  return found
}

/** The size of a volume, from a header. */
export function disk(value: unknown): number {
  const [min, max] = BOUNDS.disk
  const bytes = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!(bytes >= min && bytes <= max)) invalid(`a volume has ${min} to ${max} bytes`)
  return blocks(bytes)
}

/** A path below a site's home. What a name may not have: nothing that a shell, a listing or a person would take for something else. */
export function filePath(value: unknown, home: 'home too' | 'below' = 'below'): string {
  if (value === '' && home === 'home too') return ''
  const parts = typeof value === 'string' ? value.split('/') : []
  const sound = parts.length > 0 && parts.length <= 64 && parts.every(part => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255)
  if (!sound || Buffer.byteLength(String(value)) > 2048 || /[\x00-\x1f\x7f]/.test(String(value))) invalid(`${JSON.stringify(value)?.slice(0, 100)} is no path of a file: names with / between them, without . and ..`)
  return String(value)
}

/** The version a file must have: as it was told, `-` for no file, '' for any. */
export function fileVersion(value: unknown): string {
  if (typeof value !== 'string' || !/^(|-|[0-9.]{1,80})$/.test(value)) invalid('that is no version of a file')
  return value
}

export function fileChange(value: unknown): FileChange {
  const { do: what, path, from, to } = fields(value, 'a change of files')
  if (what === 'move') return { do: 'move', from: filePath(from), to: filePath(to) }
  if (what !== 'mkdir' && what !== 'remove') invalid('a change of files is mkdir, move or remove')
  return { do: what, path: filePath(path) }
}

/** JSON in a header, in base64url. */
export function headed(value: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(value ?? ''), 'base64url').toString('utf8'))
  } catch {
    invalid('the header is not JSON')
  }
}

/** The shape of an exec request; exec.ts checks its bounds. */
export function execRequest(value: unknown): ExecRequest {
  const { command, tty, columns, rows } = fields(value, 'the request')
  const size = (number: unknown) => number === undefined || typeof number === 'number'
  if (!Array.isArray(command) || !command.every(word => typeof word === 'string')) invalid('command must be a list of words')
  if (typeof tty !== 'boolean' || !size(columns) || !size(rows)) invalid('tty must be true or false, columns and rows numbers')
  return { command, tty, columns: columns as number | undefined ?? 80, rows: rows as number | undefined ?? 24 }
}
