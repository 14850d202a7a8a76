// Numbers and times for people, in their language. Called by the pages.
import type { Language } from './language/pick.ts'

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** Bytes in the largest unit that leaves at least 1 (powers of 1024). */
export function bytes(count: number, language: Language): string {
  const step = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10))
  const value = count / 1024 ** step
  const unit = UNITS[step] ?? 'byte'
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)
}

const SPANS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const

/** How long before `now` the moment `at` was (epoch milliseconds). */
export function ago(at: number, language: Language, now = Date.now()): string {
  const seconds = (at - now) / 1000
  const [unit, size] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? SPANS[3]
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.round(seconds / size), unit)
}

/** The same as an element of a page, which public/ago.js keeps true. */
export function ticking(at: number, language: Language): string {
  return `<time data-ago datetime="${iso(at)}">${ago(at, language)}</time>`
}

/** A day. */
export function day(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(at)
}

/** A moment, to the second. */
export function moment(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at)
}

export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value)
}

/** For the `datetime` attribute. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}
