// Option values: each function turns what was typed into what is meant, or throws a UsageError that says what is expected.
// Called by options.mjs and commands.mjs.
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { domainToASCII } from 'node:url'
import { UsageError } from './usage.mjs'

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * @param {string} name the option, with its dashes
 * @param {string} text
 * @param {string} expected
 * @returns {UsageError}
 */
export function bad(name, text, expected) {
  return new UsageError(`${name} ${JSON.stringify(text)}: expected ${expected}`)
}

/**
 * A host name in lower case ASCII without a final dot (RFC 1123); 190 bytes at most, so that a name of 63 fits below it.
 * @param {string} name
 * @param {string} text
 */
export function hostName(name, text) {
  const ascii = domainToASCII(text.toLowerCase().replace(/\.$/, ''))
  const labels = ascii.split('.')
  const valid = ascii.length <= 190 && labels.every(label => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  if (!valid) throw bad(name, text, 'a domain name such as example.org')
  return ascii
}

/** An absolute directory. @param {string} name @param {string} text */
export function directory(name, text) {
  if (text === '' || text.includes('\0') || text.includes('\n')) throw bad(name, text, 'a directory')
  return resolve(text)
}

/** @param {string} name @param {string} text @param {readonly string[]} words */
export function oneOf(name, text, words) {
  if (!words.includes(text)) throw bad(name, text, `one of ${words.join(', ')}`)
  return text
}

/** A whole number. @param {string} name @param {string} text @param {number} least @param {number} most */
export function whole(name, text, least, most) {
  const number = Number(text)
  if (!/^\d{1,15}$/.test(text) || number < least || number > most) throw bad(name, text, `a whole number from ${least} to ${most}`)
  return number
}

/** Milliseconds from seconds, of which parts are allowed. @param {string} name @param {string} text */
export function seconds(name, text) {
  const number = Number(text)
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text) || number <= 0) throw bad(name, text, 'a number of seconds above 0')
  return Math.round(number * 1000)
}

/** Bytes, with K, M, G or T for powers of 1,024. @param {string} name @param {string} text */
export function bytes(name, text) {
  const match = /^(\d{1,15})([KMGT]?)(?:i?B)?$/i.exec(text)
  const number = Number(match?.[1]) * 1024 ** ' KMGT'.indexOf((match?.[2] || ' ').toUpperCase())
  if (!match || number <= 0 || !Number.isSafeInteger(number)) throw bad(name, text, 'bytes such as 512M or 4G')
  return number
}

/** @param {string} name @param {string} text */
export function ipv4(name, text) {
  if (!isIPv4(text) || text === '0.0.0.0') throw bad(name, text, 'an IPv4 address such as 192.0.2.1')
  return text
}

/** @param {string} name @param {string} text */
export function ipv6(name, text) {
  if (!isIPv6(text) || text === '::' || text.includes('%')) throw bad(name, text, 'an IPv6 address such as 2001:db8::1')
  return text
}

/** A prefix of 64 bits. @param {string} name @param {string} text */
export function prefix64(name, text) {
  const [address = '', length] = text.split('/')
  const wellFormed = length === '64' && isIPv6(address) && /^[0-9a-f:]+::$/i.test(address) && address.split(':').length <= 6
  if (!wellFormed || /^(::|fe[89ab]|ff)/i.test(address)) throw bad(name, text, 'an IPv6 prefix of 64 bits such as 2001:db8:0:1::/64')
  return text.toLowerCase()
}

/** An address block; a bare address is a block of one. @param {string} name @param {string} text */
export function cidr(name, text) {
  const [address = '', length, ...rest] = text.split('/')
  const widest = isIPv4(address) ? 32 : 128
  const width = length ?? String(widest)
  const valid = rest.length === 0 && isIP(address) !== 0 && !address.includes('%') && /^\d{1,3}$/.test(width) && Number(width) <= widest
  if (!valid) throw bad(name, text, 'a block of addresses such as 10.0.0.0/8')
  return `${address}/${width}`
}

/**
 * `ADDR:PORT`, `[ADDR]:PORT` or `PORT`, several with commas, or `off`. An address of null means all that the zone's default names.
 * @param {string} name
 * @param {string} text
 * @returns {{ address: string | null, port: number }[]}
 */
export function doors(name, text) {
  if (text === 'off') return []
  return text.split(',').map(part => door(name, part.trim()))
}

/** @param {string} name @param {string} text */
function door(name, text) {
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? null
  const known = address === null || (match?.[1] !== undefined ? isIPv6(address) : isIPv4(address))
  if (!match || !known || Number(match[3]) > 65535) throw bad(name, text, '[ADDR:]PORT such as 80, 127.0.0.1:8080 or [::1]:8080, or off')
  return { address, port: Number(match[3]) }
}

/**
 * `HOST=http://ADDR:PORT`, or `h2c://` for an upstream that speaks HTTP/2 without TLS.
 * @param {string} name
 * @param {string} text
 * @returns {{ host: string, upstream: { address: string, port: number, protocol?: 'h2c' } }}
 */
export function staticRoute(name, text) {
  if (/^[^=]+=https:/i.test(text)) throw new UsageError(`${name} ${JSON.stringify(text)}: HTTPS to an upstream is not supported; use http:// or h2c:// on a network you trust`)
  const match = /^([^=]+)=(http|h2c):\/\/(?:\[([^\]]+)\]|([^/:[\]]+))(?::(\d{1,5}))?\/?$/.exec(text)
  const address = match?.[3] ?? (match?.[4] === 'localhost' ? '127.0.0.1' : match?.[4]) ?? ''
  const port = Number(match?.[5] ?? 80)
  const right = match?.[3] === undefined ? isIPv4(address) : isIPv6(address)
  if (!match || !right || port < 1 || port > 65535) throw bad(name, text, 'HOST=http://ADDR:PORT such as wiki.example.org=http://192.0.2.7:8080, or h2c://')
  return { host: hostName(name, match[1] ?? ''), upstream: match[2] === 'h2c' ? { address, port, protocol: 'h2c' } : { address, port } }
}

/**
 * `[NAME=]ADDR[:PORT][,KEYFILE]`; an IPv6 address with a port is in brackets.
 * @param {string} name
 * @param {string} text
 * @returns {{ name: string | null, address: string, port: number, keyFile: string | null }}
 */
export function secondary(name, text) {
  const match = /^(?:([^=,]+)=)?(?:\[([^\]]+)\](?::(\d{1,5}))?|([^,:]+)(?::(\d{1,5}))?|([^,]+))(?:,(.+))?$/.exec(text)
  const address = match?.[2] ?? match?.[4] ?? match?.[6] ?? ''
  const port = Number(match?.[3] ?? match?.[5] ?? 53)
  const right = match?.[4] === undefined ? isIPv6(address) && !address.includes('%') : isIPv4(address)
  if (!match || !right || port < 1 || port > 65535) throw bad(name, text, '[NAME=]ADDR[:PORT][,KEYFILE] such as 192.0.2.7 or ns2.example.net=192.0.2.7,/etc/auberge/ns2.key')
  const [, called, , , , , , file] = match
  return { name: called === undefined ? null : hostName(name, called), address: canonical(address), port, keyFile: file === undefined ? null : directory(name, file) }
}

/** The one spelling of an IPv6 address (RFC 5952), which is how the kernel names a peer. @param {string} address */
function canonical(address) {
  return isIPv4(address) ? address : new URL(`http://[${address}]/`).hostname.slice(1, -1)
}

/** @param {string} name @param {string} text */
export function acme(name, text) {
  if (text === 'internal' || text === 'off') return text
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'https:' || url.username !== '' || url.hash !== '') throw bad(name, text, 'the https URL of an ACME directory, internal or off')
  return url.href
}

/** As much of an address as can be told without writing to it. @param {string} name @param {string} text */
export function email(name, text) {
  if (!/^[^\s@,?<>]{1,64}@[^\s@,?<>]+\.[^\s@,?<>]+$/.test(text) || text.length > 254) throw bad(name, text, 'one e-mail address')
  return text
}

/** Something to be passed on as it is. @param {string} name @param {string} text */
export function word(name, text) {
  if (!/^[\x20-\x7e]{1,200}$/.test(text)) throw bad(name, text, 'up to 200 plain characters')
  return text
}

/** @param {string} name @param {string} text */
export function yesOrNo(name, text) {
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off|)$/i.test(text)) return false
  throw bad(name, text, '1 or 0')
}

/** A server's address, with a port where it isn't the usual one: `192.0.2.53`, `192.0.2.53:5300`, `[2001:db8::53]:5300`. @param {string} name @param {string} text */
export function server(name, text) {
  const match = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [text, text]
  const [, address = '', port = '53'] = match
  if (isIP(address) === 0 || address.includes('%') || Number(port) < 1 || Number(port) > 65535) throw bad(name, text, 'an address such as 192.0.2.53 or [2001:db8::53]:5300')
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
