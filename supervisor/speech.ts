// What the house says: log lines on standard error, as JSON or for people, and one line on standard output when everything serves. Called by main.ts.
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { House } from '../wire/house.ts'
import { spell } from './sockets.ts'

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: '', 40: 'warning', 50: 'error', 60: 'fatal' }
const KNOWN = new Set(['level', 'time', 'name', 'msg', 'pid', 'hostname'])

/** Passes on each line of a process's standard error: as it is, or made readable. */
export function passOn(name: string, stderr: Readable, json: boolean): void {
  createInterface({ input: stderr, crlfDelay: Infinity }).on('line', line => {
    process.stderr.write(`${json ? asJson(name, line) : readable(name, line)}\n`)
  })
}

/** A log line as JSON; what isn't JSON (a crash, say) becomes the message of one. */
export function asJson(name: string, line: string): string {
  return entry(line) ? line : JSON.stringify({ level: 50, time: Date.now(), name, msg: line })
}

/** `12:03:04 name: level: message key=value`; what isn't JSON follows the name as it is. */
export function readable(name: string, line: string): string {
  const parsed = entry(line)
  if (!parsed) return `${name}: ${line}`
  const time = new Date(Number(parsed.time ?? Date.now())).toTimeString().slice(0, 8)
  const level = LEVELS[Number(parsed.level)] ?? ''
  const rest = Object.entries(parsed).filter(([key]) => !KNOWN.has(key)).map(([key, value]) => ` ${key}=${spellValue(value)}`)
  return `${time} ${name}: ${level === '' ? '' : `${level}: `}${parsed.msg ?? ''}${rest.join('')}`
}

function spellValue(value: unknown): string {
  const error = value as { message?: unknown; stack?: unknown } | null
  if (typeof error === 'object' && typeof error?.message === 'string') return JSON.stringify(error.message)
  return typeof value === 'string' && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)
}

function entry(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}

/** The ready line for machines: one JSON object. */
export function readyLine(house: House): string {
  return JSON.stringify({
    event: 'ready', zone: house.zone, panel: panelUrl(house),
    http: house.http.map(spell), https: house.https.map(spell), dns: house.dns.map(spell), ssh: [],
  })
}

/** The ready line for people. */
export function summary(house: House): string {
  const door = (name: string, list: string[]) => `  ${name.padEnd(6)} ${list.length === 0 ? 'off' : list.join(', ')}`
  return [
    `Auberge serves ${house.zone}.`,
    `  panel  ${panelUrl(house) || 'off'}`,
    door('HTTP', house.http.map(spell)),
    door('HTTPS', house.https.map(spell)),
    door('DNS', house.dns.map(spell)),
    `  data   ${house.data}`,
  ].join('\n')
}

const USUAL = { http: 80, https: 443 }

/**
 * The panel's address as every browser can open it: by HTTP, as certificates of the house's own authority make a browser warn;
 * by HTTPS where nothing else is served, or everyone is sent there. Empty where there is no door.
 */
export function panelUrl(house: House): string {
  const scheme = house.https.length > 0 && (house.http.length === 0 || house.redirectHttps === 'on') ? 'https' : 'http'
  const port = house[scheme][0]?.port
  if (port === undefined) return ''
  return `${scheme}://${house.zone}${port === USUAL[scheme] ? '' : `:${port}`}/`
}

/** Where the first administrator is made: over HTTPS but in zone `localhost`, for a password is typed there. Empty where there is no door for it. */
export function firstLink(house: House, secret: string): string {
  const scheme = house.zone === 'localhost' && house.http.length > 0 ? 'http' : 'https'
  const port = house[scheme][0]?.port
  if (port === undefined) return ''
  return `${scheme}://${house.zone}${port === USUAL[scheme] ? '' : `:${port}`}/first?code=${secret}`
}
