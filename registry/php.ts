// The settings of PHP an owner may choose for a site, each within bounds. Parsed by the desk and again by the provisioner, which writes them
// as an ini file; the panel makes its form of the table.
import { AubergeError } from '../wire/error.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

/** What a value looks like. Sizes are whole numbers with K, M or G (powers of 1024), as PHP spells them. */
export type PhpRule =
  | { kind: 'size'; least: number; most: number }
  | { kind: 'whole'; least: number; most: number }
  | { kind: 'switch' }
  | { kind: 'choice'; among: readonly string[] }
  | { kind: 'errors' }
  | { kind: 'timezone' }

const size = (least: number, most: number): PhpRule => ({ kind: 'size', least, most })
const whole = (least: number, most: number): PhpRule => ({ kind: 'whole', least, most })
const toggle: PhpRule = { kind: 'switch' }

/** By the names of php.ini. None can load code, leave the site's files or reach what limits the pod. */
export const PHP_SETTINGS: Readonly<Record<string, PhpRule>> = {
  'memory_limit': size(8 * MIB, 64 * GIB),
  'upload_max_filesize': size(1, 64 * GIB),
  'post_max_size': size(1, 64 * GIB),
  'max_file_uploads': whole(0, 1000),
  'max_execution_time': whole(1, 3600),
  'max_input_time': whole(1, 3600),
  'max_input_vars': whole(1, 100_000),
  'date.timezone': { kind: 'timezone' },
  'display_errors': toggle,
  'display_startup_errors': toggle,
  'html_errors': toggle,
  'log_errors': toggle,
  'error_reporting': { kind: 'errors' },
  'default_socket_timeout': whole(1, 3600),
  'default_charset': { kind: 'choice', among: ['UTF-8', 'ISO-8859-1', 'ISO-8859-15', 'Windows-1252'] },
  'output_buffering': whole(0, MIB),
  'short_open_tag': toggle,
  'allow_url_fopen': toggle,
  'file_uploads': toggle,
  'session.gc_maxlifetime': whole(60, 31_536_000),
  'session.cookie_lifetime': whole(0, 31_536_000),
  'session.cookie_secure': toggle,
  'session.cookie_samesite': { kind: 'choice', among: ['Lax', 'Strict', 'None'] },
  'opcache.enable': toggle,
  'opcache.revalidate_freq': whole(0, 3600),
  'zend.assertions': { kind: 'choice', among: ['-1', '0', '1'] },
}

/** Settings as they are kept: names of the table, values in PHP's spelling. `invalid` says what would do. */
export function parsePhp(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new AubergeError('invalid', 'php: an object of settings and their values is expected')
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, parseOne(name, value)]))
}

/** The lines of an ini file. Values need no quotes: what passes above has nothing in it that the ini syntax gives another meaning. */
export function phpIni(settings: Record<string, string>): string {
  return Object.entries(settings).sort().map(([name, value]) => `${name} = ${value}\n`).join('')
}

/** What a value may be, in words: `8M to 64G`. */
export function phpBounds(rule: PhpRule): string {
  switch (rule.kind) {
    case 'size': return `${spelled(rule.least)} to ${spelled(rule.most)}`
    case 'whole': return `${rule.least} to ${rule.most}`
    case 'switch': return 'On, Off'
    case 'choice': return rule.among.join(', ')
    case 'errors': return 'E_ALL & ~E_DEPRECATED'
    case 'timezone': return 'Europe/Paris'
  }
}

function parseOne(name: string, value: unknown): string {
  const rule = Object.hasOwn(PHP_SETTINGS, name) ? PHP_SETTINGS[name] : undefined
  if (rule === undefined) throw new AubergeError('invalid', `${JSON.stringify(name.slice(0, 64))} is no setting of PHP that can be chosen here; there are: ${Object.keys(PHP_SETTINGS).join(', ')}`)
  const text = typeof value === 'boolean' ? (value ? 'On' : 'Off') : typeof value === 'number' ? String(value) : value
  const parsed = typeof text === 'string' && text.length <= 200 ? valueOf(rule, text.trim()) : null
  if (parsed === null) throw new AubergeError('invalid', `${name} can't be ${JSON.stringify(value)?.slice(0, 64)}; it can be: ${phpBounds(rule)}`)
  return parsed
}

function valueOf(rule: PhpRule, text: string): string | null {
  switch (rule.kind) {
    case 'size': return sizeOf(rule, text)
    case 'whole': return /^\d{1,9}$/.test(text) && within(rule, Number(text)) ? String(Number(text)) : null
    case 'switch': return /^(on|true|yes|1)$/i.test(text) ? 'On' : /^(off|false|no|0)$/i.test(text) ? 'Off' : null
    case 'choice': return rule.among.find(one => one.toLowerCase() === text.toLowerCase()) ?? null
    case 'errors': return errorsOf(text)
    case 'timezone': return timezoneOf(text)
  }
}

const within = ({ least, most }: { least: number; most: number }, number: number): boolean => number >= least && number <= most

function sizeOf(rule: { least: number; most: number }, text: string): string | null {
  const [, digits, unit = ''] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? []
  const bytes = Number(digits) * 1024 ** ' KMG'.indexOf(unit.toUpperCase() || ' ')
  return within(rule, bytes) ? `${Number(digits)}${unit.toUpperCase()}` : null
}

const ERRORS = '(?:ERROR|WARNING|PARSE|NOTICE|CORE_ERROR|CORE_WARNING|COMPILE_ERROR|COMPILE_WARNING|USER_ERROR|USER_WARNING|USER_NOTICE|STRICT|RECOVERABLE_ERROR|DEPRECATED|USER_DEPRECATED|ALL)'
const EXPRESSION = new RegExp(`^(?:~?E_${ERRORS})(?:[&|^]~?E_${ERRORS})*$`)

/** A number, or constants joined by `&`, `|`, `^` with `~` before them. */
function errorsOf(text: string): string | null {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 32_767 ? String(Number(text)) : null
  const close = text.replace(/\s+/g, '')
  return EXPRESSION.test(close) ? close.replace(/[&|^]/g, ' $& ') : null
}

/** A name of the time zone database, which Node and PHP both have. */
function timezoneOf(text: string): string | null {
  if (!/^[A-Z][A-Za-z]*(?:[_/+-][A-Za-z0-9]+)*$/.test(text)) return null
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return text
  } catch {
    return null
  }
}

function spelled(bytes: number): string {
  const power = bytes >= GIB ? 3 : bytes >= MIB ? 2 : bytes >= 1024 ? 1 : 0
  return `${bytes / 1024 ** power}${['', 'K', 'M', 'G'][power]}`
}
