// Every option of `auberge up`: its name, what it takes, its default, what it is for. The one place where they are defined;
// parse.mjs reads them from the command line and the environment, house.mjs turns them into the house, help.mjs prints them.
import * as value from './values.mjs'
import { UsageError } from './usage.mjs'

/**
 * @typedef {object} Option
 * @property {string} name without dashes; in the environment AUBERGE_ and upper case
 * @property {string | null} takes the placeholder of its value; null for a switch
 * @property {string} help
 * @property {string} [fallback] the default, in words
 * @property {boolean} [many] may be repeated (in the environment: separated by spaces)
 * @property {string} [letter] a short form
 * @property {(name: string, text: string) => unknown} [read] makes the value out of text; throws UsageError
 */

/** The longest data directory: the sockets below it must fit 107 bytes (unix(7)). */
export const LONGEST_DATA = 75

/** @type {Option} */
export const DATA = {
  name: 'data', takes: 'DIR', fallback: '/var/lib/auberge; without root ~/.local/share/auberge', read: dataDirectory,
  help: 'where everything is kept',
}
/** @type {Option} */
export const JSON_OUTPUT = { name: 'json', takes: null, help: 'write JSON for machines' }
/** @type {Option} */
export const RUNTIME = {
  name: 'runtime', takes: 'crun|runc|rkt|none', fallback: 'crun', help: 'what runs pods; none: a gateway with static routes only',
  read: (name, text) => value.oneOf(name, text, ['crun', 'runc', 'rkt', 'none']),
}

/** @type {readonly Option[]} */
export const UP = [
  { name: 'zone', takes: 'NAME', fallback: 'localhost', read: value.hostName, help: 'the domain whose subdomains are reserved' },
  DATA,
  { name: 'http', takes: '[ADDR:]PORT|off', fallback: '80; in zone localhost 127.0.0.1:8080', read: value.doors, help: 'where HTTP is served' },
  { name: 'https', takes: '[ADDR:]PORT|off', fallback: '443; in zone localhost 127.0.0.1:8443', read: value.doors, help: 'where HTTPS is served' },
  { name: 'dns', takes: '[ADDR:]PORT|off', fallback: '53; in zone localhost 127.0.0.1:5353', read: value.doors, help: 'where DNS is served, UDP and TCP' },
  { name: 'ssh', takes: '[ADDR:]PORT|off', fallback: 'off', read: onlyOff('there is no SSH door yet'), help: 'where SSH is served' },
  { name: 'public-ipv4', takes: 'A', fallback: "this host's", read: value.ipv4, help: 'the IPv4 address DNS answers with' },
  { name: 'public-ipv6', takes: 'A', fallback: "this host's", read: value.ipv6, help: 'the IPv6 address DNS answers with' },
  { name: 'ipv6-prefix', takes: 'P/64', fallback: 'none', read: value.prefix64, help: 'gives every site an IPv6 address of its own' },
  RUNTIME,
  { name: 'route', takes: 'HOST=http://ADDR:PORT', many: true, fallback: 'none', read: value.staticRoute, help: 'a static route; h2c:// for an upstream that speaks HTTP/2 (gRPC)' },
  { name: 'workers', takes: 'N', fallback: 'one per core', read: (name, text) => value.whole(name, text, 1, 256), help: 'how many relays' },
  {
    name: 'signup', takes: 'open|invite|closed', fallback: 'open in zone localhost, else invite', help: 'who may make an account',
    read: (name, text) => value.oneOf(name, text, ['open', 'invite', 'closed']),
  },
  { name: 'idle', takes: 'SECONDS', fallback: '300', read: value.seconds, help: 'how long without a request before a site is frozen' },
  { name: 'memory-budget', takes: 'BYTES[K|M|G]', fallback: "three quarters of the host's", read: value.bytes, help: 'memory all pods together may hold awake' },
  { name: 'trusted-proxy', takes: 'CIDR', many: true, fallback: 'none', read: value.cidr, help: 'whose X-Forwarded-* are believed' },
  { name: 'proxy-protocol', takes: null, help: 'expect the PROXY protocol from trusted proxies' },
  { name: 'h2c', takes: null, help: 'serve HTTP/2 without TLS as well, by prior knowledge, where HTTP is served' },
  { name: 'acme', takes: 'URL|internal|off', fallback: 'internal', read: value.acme, help: "where certificates come from: an ACME server's directory, the house's own authority, nowhere" },
  { name: 'acme-email', takes: 'A', fallback: 'none', read: value.email, help: 'where the ACME server may write to' },
  { name: 'acme-ca-file', takes: 'F', fallback: 'those everybody trusts', read: value.directory, help: "who signed the ACME server's own certificate (PEM)" },
  { name: 'acme-eab-kid', takes: 'KID', read: value.word, help: "the name of the key that the ACME server's customer is known by" },
  { name: 'acme-eab-key-file', takes: 'F', read: value.directory, help: 'that key, in base64url, in a file that others may not read' },
  { name: 'acme-chain', takes: 'CN', fallback: "the server's choice", read: value.word, help: 'which root the chain should end with, by its common name' },
  { name: 'acme-profile', takes: 'NAME', fallback: "the server's choice", read: value.word, help: 'which kind of certificate is ordered, such as shortlived' },
  { name: 'resolver', takes: 'ADDR[:PORT]', many: true, fallback: "this host's", read: value.server, help: 'a recursive resolver to ask where custom domains lead' },
  {
    name: 'redirect-https', takes: 'auto|on|off', fallback: 'auto', help: 'send visitors from HTTP to HTTPS',
    read: (name, text) => value.oneOf(name, text, ['auto', 'on', 'off']),
  },
  { name: 'dnssec', takes: null, help: 'sign the zone; auberge dns ds shows what its parent is to have' },
  { name: 'secondary', takes: '[NAME=]ADDR[:PORT][,TSIGKEYFILE]', many: true, read: value.secondary, fallback: 'none', help: 'a secondary name server; with a NAME it is among the NS records' },
  { name: 'demo', takes: null, help: 'create the site hello' },
  { ...JSON_OUTPUT, help: 'log lines as JSON' },
]

/** @param {string} name @param {string} text */
function dataDirectory(name, text) {
  const directory = value.directory(name, text)
  if (Buffer.byteLength(directory) > LONGEST_DATA) throw value.bad(name, text, `a path of ${LONGEST_DATA} bytes at most, for unix sockets must fit below it`)
  return directory
}

/** @param {string} reason @returns {(name: string) => never} */
function notYet(reason) {
  return name => { throw new UsageError(`${name}: ${reason}; leave it out`) }
}

/** @param {string} reason @returns {(name: string, text: string) => unknown} */
function onlyOff(reason) {
  return (name, text) => {
    value.doors(name, text)
    return text === 'off' ? [] : notYet(reason)(name)
  }
}
