// What a custom domain may be: a name of the internet that somebody can own, as DNS writes it. Called by the desk wherever one comes in.
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { parse } from 'tldts'
import { AubergeError } from '../wire/error.ts'

/** A name has 253 octets at most (RFC 1035 section 2.3.4), the record that proves it `_auberge.` in front of it. */
const LONGEST = 253 - '_auberge.'.length
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Names that never lead anywhere but to the machine or network that asks (RFC 6761, 6762, 7686, 8375). */
const NOWHERE = new Set(['localhost', 'local', 'invalid', 'onion', 'arpa'])

/**
 * `Bücher.Example.` as `xn--bcher-kva.example`: lower case A-labels (RFC 5891, by UTS 46) without a final dot.
 * Throws `domain_invalid` for what nobody can own, and for the zone and all below it.
 */
export function parseDomain(input: unknown, zone: string): string {
  if (typeof input !== 'string' || input.length > 1000) throw wrong('a domain is a name such as www.example.org')
  const given = input.trim()
  if (given.includes('*')) throw wrong('a wildcard can\'t be a domain of a site: name each domain')
  if (/[\s%/:@[\]]/.test(given)) throw wrong(`${shown(given)} is no domain: write the name alone, such as www.example.org`)
  const domain = domainToASCII(given).replace(/\.$/, '')
  checkForm(given, domain)
  if (domain === zone || domain.endsWith(`.${zone}`)) throw wrong(`${domain} belongs to this house: names below ${zone} are reserved, not added as domains`)
  checkOwnable(domain)
  return domain
}

function checkForm(given: string, domain: string): void {
  if (domain === '') throw wrong(`${shown(given)} is no domain name`)
  if (isIP(domain) !== 0) throw wrong(`${domain} is an address: a domain is a name`)
  if (domain.length > LONGEST) throw wrong(`a domain has at most ${LONGEST} letters, this one has ${domain.length}`)
  const labels = domain.split('.')
  const bad = labels.find(label => !LABEL.test(label) || (label.startsWith('--', 2) && !label.startsWith('xn--')))
  if (bad !== undefined) throw wrong(bad === '' ? `${shown(given)} has an empty part` : `${shown(bad)} in ${shown(given)} is no part of a host name`)
  if (labels.length < 2) throw wrong(`${domain} is a single word: a domain has at least two parts, such as example.org`)
  if (/^\d+$/.test(labels.at(-1) ?? '')) throw wrong(`${domain} ends in a number: no domain does`)
}

function checkOwnable(domain: string): void {
  if (NOWHERE.has(domain.split('.').at(-1) ?? '')) throw wrong(`${domain} leads nowhere on the internet`)
  if (registrable(domain) === null) throw wrong(`${domain} is what many people have names below (a public suffix): name your own domain`)
}

/** The domain somebody registered to have `domain` (the public suffix list); null for a public suffix. */
export function registrable(domain: string): string | null {
  return parse(domain, { allowPrivateDomains: true, validateHostname: false, extractHostname: false }).domain
}

/** Whether it is a registered domain itself: its `www.` belongs to it, and DNS allows it no CNAME. */
export function isApex(domain: string): boolean {
  return registrable(domain) === domain
}

function wrong(message: string): AubergeError {
  return new AubergeError('domain_invalid', message)
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
