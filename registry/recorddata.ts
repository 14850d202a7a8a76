// The data of one DNS record: from the text that people write (RFC 1035 section 5.1) to its parts and back, in one spelling.
// Called by parse functions of records for what people enter, and by the name server for what control sends.
import ipaddr from 'ipaddr.js'
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { AubergeError } from '../wire/error.ts'
import type { RecordType } from './types.ts'
import { quoted, words, type Word } from './recordtext.ts'

/** The parts of a record's data, with the names that dns2 gives them. Names of hosts are in lower case and end in a dot. */
export type RecordData =
  | { address: string }
  | { domain: string }
  | { ns: string }
  | { priority: number; exchange: string }
  | { data: Buffer[] }
  | { priority: number; weight: number; port: number; target: string }
  | { flags: number; tag: string; value: string }

/** Octets a character string of TXT may have (RFC 1035 section 3.3). */
const LONGEST_STRING = 255

/** Each takes the words of the text and the text itself. `shape` is what a message says is expected. */
type Form = { shape: string; parse(words: Word[], text: string): RecordData | null; spell(data: never): string }

const FORMS: Record<RecordType, Form> = {
  A: {
    shape: 'an IPv4 address such as 192.0.2.7',
    parse: ([address = NONE, ...rest]) => rest.length === 0 && isIPv4(address.text) ? { address: address.text } : null,
    spell: ({ address }: { address: string }) => address,
  },
  AAAA: {
    shape: 'an IPv6 address such as 2001:db8::7',
    parse: ([address = NONE, ...rest]) => rest.length === 0 && isIPv6(address.text) && !address.text.includes('%') ? { address: ipaddr.IPv6.parse(address.text).toRFC5952String() } : null,
    spell: ({ address }: { address: string }) => address,
  },
  CNAME: {
    shape: 'the whole name of a host, such as www.example.org',
    parse: ([name = NONE, ...rest]) => rest.length === 0 ? named(name.text, domain => ({ domain })) : null,
    spell: ({ domain }: { domain: string }) => domain,
  },
  NS: {
    shape: 'the whole name of a name server, such as ns2.example.org',
    parse: ([name = NONE, ...rest]) => rest.length === 0 ? named(name.text, ns => ({ ns })) : null,
    spell: ({ ns }: { ns: string }) => ns,
  },
  MX: {
    shape: 'a preference and the whole name of a host, such as 10 mail.example.org; "0 ." for a name that takes no mail',
    parse: ([preference = NONE, name = NONE, ...rest]) => {
      const priority = small(preference.text)
      if (priority === null || rest.length > 0) return null
      // RFC 7505 section 3: the root as exchange says that there is no mail.
      return name.text === '.' && priority === 0 ? { priority, exchange: '.' } : named(name.text, exchange => ({ priority, exchange }))
    },
    spell: ({ priority, exchange }: { priority: number; exchange: string }) => `${priority} ${exchange}`,
  },
  TXT: {
    shape: 'a text, as it is or as strings in double quotes',
    parse: (all, text) => {
      if (text.trim() === '') return null
      const strings = text.trim().startsWith('"') ? all.map(word => (word.quoted ? word.bytes : null)) : [Buffer.from(text.trim())]
      const data = strings.flatMap(string => (string === null ? [null] : inStrings(string)))
      return data.length > 0 && data.every(string => string !== null) ? { data } : null
    },
    spell: ({ data }: { data: Buffer[] }) => data.map(quoted).join(' '),
  },
  SRV: {
    shape: 'priority, weight, port and the whole name of a host, such as 0 5 5060 sip.example.org',
    parse: ([first = NONE, second = NONE, third = NONE, name = NONE, ...rest]) => {
      const [priority, weight, port] = [first, second, third].map(word => small(word.text))
      if (priority == null || weight == null || port == null || rest.length > 0) return null
      // RFC 2782: a target of "." says that the service is decidedly not there.
      return name.text === '.' ? { priority, weight, port, target: '.' } : named(name.text, target => ({ priority, weight, port, target }))
    },
    spell: ({ priority, weight, port, target }: { priority: number; weight: number; port: number; target: string }) => `${priority} ${weight} ${port} ${target}`,
  },
  CAA: {
    shape: 'flags (0 or 128), a tag and a value, such as 0 issue "letsencrypt.org"',
    parse: ([first = NONE, tag = NONE, value, ...rest]) => {
      const flags = small(first.text)
      const said = value?.bytes.toString('latin1') ?? '\0'
      if (flags === null || flags > 255 || !/^[a-zA-Z0-9]{1,15}$/.test(tag.text) || !/^[\x20-\x7e]*$/.test(said) || rest.length > 0) return null
      return { flags, tag: tag.text.toLowerCase(), value: said }
    },
    spell: ({ flags, tag, value }: { flags: number; tag: string; value: string }) => `${flags} ${tag} ${quoted(Buffer.from(value))}`,
  },
}

export const RECORD_TYPES = Object.keys(FORMS) as RecordType[]

const NONE: Word = { text: '', bytes: Buffer.alloc(0), quoted: false }

/** The parts of what is written as the data of a record; `invalid`, saying what is expected, for what can't be read. */
export function parseData(type: RecordType, text: string): RecordData {
  const all = words(text)
  const data = all === null ? null : FORMS[type].parse(all, text)
  if (data === null) throw new AubergeError('invalid', `${JSON.stringify(text.slice(0, 64))} can't be the data of a record of type ${type}, which is ${FORMS[type].shape}`)
  return data
}

/** The one spelling of a record's data; what it gives, `parseData` reads. */
export function spellData(type: RecordType, data: RecordData): string {
  return FORMS[type].spell(data as never)
}

/** The host that a record leads to, ending in a dot, or null where it leads to none. */
export function targetOf(data: RecordData): string | null {
  if ('domain' in data) return data.domain
  if ('ns' in data) return data.ns
  if ('exchange' in data) return data.exchange
  return 'target' in data ? data.target : null
}

/** A whole name of at least two labels in the form of the registry, given to `make`; null for what is none. Other alphabets become xn-- (RFC 5891). */
function named(given: string, make: (name: string) => RecordData): RecordData | null {
  const ascii = /^[\x21-\x7e]*$/.test(given) ? given : domainToASCII(given)
  const labels = ascii.toLowerCase().replace(/\.$/, '').split('.')
  const whole = `${labels.join('.')}.`
  // RFC 1035 section 2.3.4: 255 octets in wire form, which is one more than the text with its final dot.
  return labels.length >= 2 && labels.every(isLabel) && whole.length <= 254 ? make(whole) : null
}

/** A label that records are written with: letters, digits, hyphens, and underscores where services have them (RFC 8552). */
export function isLabel(label: string): boolean {
  return /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)
}

function small(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : null
}

function inStrings(bytes: Buffer): Buffer[] {
  const strings = [bytes.subarray(0, LONGEST_STRING)]
  for (let at = LONGEST_STRING; at < bytes.length; at += LONGEST_STRING) strings.push(bytes.subarray(at, at + LONGEST_STRING))
  return strings
}
