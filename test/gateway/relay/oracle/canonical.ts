// What the relay may send an upstream, octet by octet: one spelling for everything, checked by regular expressions and by nothing of the relay's. Used by recorder.ts.

export type Sent = { method: string; target: string; fields: [string, string][]; body: string; trailers: [string, string][] }
/** A request and where it ended, 'more' where it isn't whole, or why it isn't canonical. */
export type Next = { sent: Sent; end: number } | 'more' | { fault: string }

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const LINE = new RegExp(`^(${TOKEN}) (/[!"$-~]*|/|\\*) HTTP/1\\.1$`)
const FIELD = new RegExp(`^(${TOKEN}): ((?:[!-~\\x80-\\xff](?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)$`)
/** No such field leaves us, whatever came: it ended here, or an upstream that reads `_` as `-` would take it for one of ours. */
const NEVER = /^(keep-alive|proxy-connection|proxy|http2-settings)$|^(content_length|transfer_encoding|x[_-]forwarded_[a-z_-]+|x_forwarded-[a-z_-]+|x[_-]real_ip|x_real-ip)$/
const ONCE = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'forwarded', 'x-request-id']

/** Reads the request at `at` of what was sent. */
export function next(text: string, at: number): Next {
  const over = text.indexOf('\r\n\r\n', at)
  if (over < 0) return /[^\r]\n|\r[^\n]|\0/.test(text.slice(at)) ? { fault: 'a bare CR, LF or NUL' } : 'more'
  const [line = '', ...lines] = text.slice(at, over).split('\r\n')
  const start = LINE.exec(line)
  if (start === null) return { fault: `the request line ${JSON.stringify(line)}` }
  const fields = fieldsOf(lines)
  if (typeof fields === 'string') return { fault: fields }
  const sent: Sent = { method: start[1] ?? '', target: start[2] ?? '', fields, body: '', trailers: [] }
  const fault = wrong(sent)
  return fault !== null ? { fault } : bodyAt(text, over + 4, sent)
}

function fieldsOf(lines: string[]): [string, string][] | string {
  const fields: [string, string][] = []
  for (const line of lines) {
    const match = FIELD.exec(line)
    if (match === null) return `the field ${JSON.stringify(line)}`
    fields.push([(match[1] ?? '').toLowerCase(), match[2] ?? ''])
  }
  return fields
}

export function all(sent: Sent, name: string): string[] { return sent.fields.filter(([each]) => each === name).map(([, value]) => value) }

function wrong(sent: Sent): string | null {
  const [host, ...more] = all(sent, 'host')
  const lengths = all(sent, 'content-length')
  const codings = all(sent, 'transfer-encoding')
  if (host === undefined || more.length > 0) return 'not one Host'
  if (lengths.length + codings.length > 1) return 'framed twice'
  if (codings.some(coding => coding !== 'chunked') || lengths.some(length => !/^(0|[1-9][0-9]{0,14})$/.test(length))) return 'framed oddly'
  const never = sent.fields.find(([name]) => NEVER.test(name))
  if (never !== undefined) return `the field ${never[0]}`
  const twice = ONCE.find(name => all(sent, name).length !== 1)
  if (twice !== undefined) return `not one ${twice}`
  if (all(sent, 'x-forwarded-host')[0] !== host) return 'another X-Forwarded-Host'
  const [address = ''] = all(sent, 'x-forwarded-for')
  if (all(sent, 'x-real-ip')[0] !== address || !(all(sent, 'forwarded')[0] ?? '').startsWith(`for=${address};`)) return 'another address'
  return all(sent, 'connection').every(value => value === 'TE' || value === 'Upgrade') ? null : 'an odd Connection'
}

function bodyAt(text: string, at: number, sent: Sent): Next {
  const size = Number(all(sent, 'content-length')[0] ?? 0)
  if (all(sent, 'transfer-encoding').length === 0) return text.length < at + size ? 'more' : { sent: { ...sent, body: text.slice(at, at + size) }, end: at + size }
  for (;;) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return 'more'
    const digits = text.slice(at, line)
    if (!/^(0|[1-9a-f][0-9a-f]{0,7})$/.test(digits)) return { fault: `the chunk size ${JSON.stringify(digits)}` }
    const length = Number.parseInt(digits, 16)
    if (length === 0) return trailersAt(text, line + 2, sent)
    at = line + 2 + length + 2
    if (text.length < at) return 'more'
    if (text.slice(at - 2, at) !== '\r\n') return { fault: 'a chunk longer than it says' }
    sent.body += text.slice(line + 2, at - 2)
  }
}

function trailersAt(text: string, at: number, sent: Sent): Next {
  if (text.startsWith('\r\n', at)) return { sent, end: at + 2 }
  const over = text.indexOf('\r\n\r\n', at)
  if (over < 0) return 'more'
  const trailers = fieldsOf(text.slice(at, over).split('\r\n'))
  return typeof trailers === 'string' ? { fault: trailers } : { sent: { ...sent, trailers }, end: over + 4 }
}
