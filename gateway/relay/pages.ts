// Renders a problem as the visitor accepts it: HTML, JSON or text, in English or French. The one place where the relay speaks for itself.
import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { valueOf } from './message/fields.ts'
import { PROBLEMS, type Problem, type ProblemName } from './problems.ts'

/** What a page may say besides the problem's own words. */
export type Detail = {
  /** Replaces the problem's text; the reason of a suspension, say. Escaped where it is written. */
  text?: string
  /** Seconds, replaces the problem's own. */
  retryAfter?: number
  /** The request's id, by which a site's owner finds it in the log. */
  reference?: string
  /** Field lines besides. */
  fields?: string
  /** Where the panel is, for a link by which visitors report a site; and the scheme it is reached by. */
  zone?: string
  scheme?: string
}

/** A rendered answer: its status line's rest, its fields as lines (framing left out) and its body in latin1 octets. */
export type Answer = { status: number; reason: string; fields: string; body: string; close: boolean }

/** `text` is the request's head as it came, or '' where none was read. */
export function render(name: ProblemName, text: string, detail: Detail): Answer {
  const problem: Problem = PROBLEMS[name]
  const form = problem.bare === true ? 'bare' : formOf(text)
  const language = languageOf(valueOf(text, 'accept-language'))
  const words = { title: problem[language].title, text: detail.text ?? problem[language].text }
  const retry = detail.retryAfter ?? problem.retryAfter
  const body = form === 'html' ? html(problem, words, language, detail, reportLink(problem, text, detail)) : form === 'json' ? json(problem, words) : form === 'bare' ? words.text : `${words.title}. ${words.text}\n`
  return {
    status: problem.status,
    reason: STATUS_CODES[problem.status] ?? '',
    fields: TYPES[form] + SAME + (name === 'head_too_large' && isFullOfCookies(text) ? CLEAR : '') + (retry === undefined ? '' : `Retry-After: ${retry}\r\n`) + (problem.status === 405 || name === 'final' ? 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' : '') + (detail.fields ?? ''),
    body: Buffer.from(body, 'utf8').toString('latin1'),
    close: problem.close === true,
  }
}

const TYPES = {
  html: 'Content-Type: text/html; charset=utf-8\r\n',
  json: 'Content-Type: application/json; charset=utf-8\r\n',
  text: 'Content-Type: text/plain; charset=utf-8\r\n',
  bare: 'Content-Type: application/octet-stream\r\n',
}
const STYLE = `:root{color-scheme:light dark}*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:2rem;font:1.05rem/1.6 system-ui,sans-serif;background:#f6f3ee;color:#2b2622}
main{max-width:32rem;padding:2.5rem;border-radius:1rem;background:#fff;box-shadow:0 1px 3px #0001,0 12px 32px #0001}p.status{margin:0;font-weight:600;color:#9a5b2e;font-variant-numeric:tabular-nums}h1{margin:.2rem 0 .8rem;font-size:1.7rem;line-height:1.25}p{margin:0}small{display:block;margin-top:1.5rem;color:#6f665e}small a{color:inherit}
.bar{height:4px;margin-top:1.5rem;border-radius:2px;overflow:hidden;background:#9a5b2e33}.bar i{display:block;width:40%;height:100%;background:#9a5b2e;animation:go 1.4s ease-in-out infinite}@keyframes go{from{transform:translateX(-100%)}to{transform:translateX(250%)}}@media(prefers-reduced-motion:reduce){.bar i{animation:none;width:100%}}
@media(prefers-color-scheme:dark){body{background:#1c1917;color:#ece7e1}main{background:#282420;box-shadow:none}p.status{color:#e2a273}small{color:#a1978d}}`

/** Nothing we say may be kept, sniffed, framed, or load anything. */
const SAME = `Cache-Control: no-store\r\nVary: Accept, Accept-Language\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n`

/** A script may have set them for a whole zone, so that nobody there could be asked for anything again; browsers listen to this over HTTPS and on localhost. */
const CLEAR = 'Clear-Site-Data: "cookies"\r\n'
function isFullOfCookies(text: string): boolean { return valueOf(text, 'cookie').length > text.length / 2 }

type Form = keyof typeof TYPES

/** The acceptable form with the highest quality; on a tie the one named first, for none text. */
function formOf(text: string): Form {
  let best: Form = 'text'
  let quality = 0
  for (const range of valueOf(text, 'accept').toLowerCase().split(',')) {
    const form = kindOf(range.split(';')[0]?.trim() ?? '')
    const q = qualityOf(range)
    if (form !== null && q > quality) [best, quality] = [form, q]
  }
  return best
}

function kindOf(type: string): Form | null {
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  return type === 'text/plain' || type === 'text/*' || type === '*/*' ? 'text' : null
}

function qualityOf(range: string): number {
  const match = /;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)/.exec(range)
  return match === null ? 1 : Number(match[1])
}

function languageOf(value: string): 'en' | 'fr' {
  let best: 'en' | 'fr' = 'en'
  let quality = 0
  for (const range of value.toLowerCase().split(',')) {
    const tag = range.trim().slice(0, 2)
    const q = qualityOf(range)
    if ((tag === 'en' || tag === 'fr') && q > quality) [best, quality] = [tag, q]
  }
  return best
}

function json(problem: Problem, words: { text: string }): string {
  return `${JSON.stringify({ error: { code: problem.code, message: words.text } })}\n`
}

/** Where a visitor says that something is wrong with a site, as a path of the panel at the same port; '' where there is nothing to report. */
function reportLink(problem: Problem, text: string, { zone = '', scheme = 'http' }: Detail): string {
  const [, host = '', port = ''] = /^([a-z0-9.-]+)(:\d{1,5})?$/i.exec(valueOf(text, 'host')) ?? []
  if (problem.report !== true || zone === '' || host === '' || host.toLowerCase() === zone) return ''
  return `${scheme}://${zone}${port}/report?host=${host.toLowerCase()}`
}

const REPORT: Record<string, string> = { en: 'Report this site', fr: 'Signaler ce site' }

function html(problem: Problem, words: { title: string; text: string }, language: string, detail: Detail, report: string): string {
  const again = problem.refresh ? `<meta http-equiv="refresh" content="${detail.retryAfter ?? problem.retryAfter ?? 2}">` : ''
  const link = report === '' ? '' : ` · <a href="${escape(report)}" rel="nofollow">${REPORT[language] ?? ''}</a>`
  const foot = problem.refresh ? '<div class="bar"><i></i></div>' : detail.reference === undefined ? '' : `<small>${escape(detail.reference)}${link}</small>`
  const status = problem.refresh ? '' : `<p class="status">${problem.status}</p>`
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${again}<title>${escape(words.title)}</title><style>${STYLE}</style></head><body><main>${status}<h1>${escape(words.title)}</h1><p>${escape(words.text)}</p>${foot}</main></body></html>\n`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
