// Fills in the defaults: from the options of `auberge up` as read to the House that every process is told about (wire/house.ts).
import { join } from 'node:path'
import { UsageError } from './usage.mjs'

/** @typedef {import('./host.mjs').Host} Host */
/** @typedef {import('../wire/house.ts').House} House */
/** @typedef {import('../wire/house.ts').Listen} Listen */
/** @typedef {{ address: string | null, port: number }[]} Doors */
/** @typedef {Map<string, any>} Options each given option's value, by name; typed by the reader that made it */

const PORTS = { http: 80, https: 443, dns: 53 }
const LOCAL_PORTS = { http: 8080, https: 8443, dns: 5353 }

/**
 * The house the options describe. Throws UsageError where they contradict each other.
 * @param {Options} given
 * @param {Host} host
 * @returns {House}
 */
export function house(given, host) {
  const zone = given.get('zone') ?? 'localhost'
  const http = listens('http', given, zone, host)
  return checked({
    zone,
    data: dataOf(given, host),
    http,
    https: listens('https', given, zone, host),
    dns: listens('dns', given, zone, host),
    sides: sides(given.get('ipv6-prefix'), given.get('runtime'), http),
    publicIpv4: given.get('public-ipv4') ?? publicAddress(http, '0.0.0.0', '127.0.0.1', host.publicIpv4),
    publicIpv6: given.get('public-ipv6') ?? publicAddress(http, '::', '::1', host.publicIpv6) ?? firstOf(given.get('ipv6-prefix')),
    ipv6Prefix: given.get('ipv6-prefix') ?? null,
    runtime: given.get('runtime') ?? 'crun',
    routes: given.get('route') ?? [],
    workers: given.get('workers') ?? host.cores,
    signup: given.get('signup') ?? (zone === 'localhost' ? 'open' : 'invite'),
    idle: given.get('idle') ?? 300_000,
    memoryBudget: given.get('memory-budget') ?? Math.floor(host.memory * 0.75),
    trustedProxies: given.get('trusted-proxy') ?? [],
    proxyProtocol: given.get('proxy-protocol') ?? false,
    h2c: given.get('h2c') ?? false,
    acme: acme(given),
    secondaries: given.get('secondary') ?? [],
    dnssec: given.get('dnssec') ?? false,
    resolvers: given.get('resolver') ?? [],
    redirectHttps: given.get('redirect-https') ?? 'auto',
    demo: given.get('demo') ?? false,
    json: given.get('json') ?? false,
  })
}

/**
 * The data directory: the given one, else the system's for root and the caller's own for anybody else.
 * @param {Options} given
 * @param {Host} host
 * @returns {string}
 */
export function dataOf(given, host) {
  return given.get('data') ?? (host.uid === 0 ? '/var/lib/auberge' : join(host.home, '.local/share/auberge'))
}

/**
 * @param {'http' | 'https' | 'dns'} door
 * @param {Options} given
 * @param {string} zone
 * @param {Host} host
 * @returns {Listen[]}
 */
function listens(door, given, zone, host) {
  const port = (zone === 'localhost' ? LOCAL_PORTS : PORTS)[door]
  /** @type {Doors} */
  const doors = given.get(door) ?? [{ address: null, port }]
  const everywhere = zone === 'localhost' ? ['127.0.0.1'] : host.ipv6 ? ['0.0.0.0', '::'] : ['0.0.0.0']
  return doors.flatMap(each => (each.address === null ? everywhere : [each.address]).map(address => ({ address, port: each.port })))
}

/**
 * What DNS answers with where nothing was said: the address HTTP is served at, or the host's own where that is all of them.
 * @param {Listen[]} http
 * @param {string} any
 * @param {string} loopback
 * @param {string | null} own
 */
function publicAddress(http, any, loopback, own) {
  const family = http.map(listen => listen.address).filter(address => address.includes(':') === any.includes(':'))
  if (family.includes(any)) return own
  return family.find(address => address !== loopback) ?? family[0] ?? null
}

/** A door for each port that a site may have of its own (registry/ports.ts). @param {string | undefined} prefix @param {string | undefined} runtime @param {Listen[]} http @returns {Listen[]} */
function sides(prefix, runtime, http) {
  const none = prefix === undefined || runtime === 'none' || !http.some(listen => listen.address === '::')
  return none ? [] : Array.from({ length: 4 }, () => ({ address: '::', port: 0 }))
}

/** The panel's address in a prefix, on a host that has no other. @param {string | undefined} prefix */
function firstOf(prefix) {
  return prefix === undefined ? null : prefix.replace('/64', '1')
}

/** @param {Options} given @returns {House['acme']} */
function acme(given) {
  const where = given.get('acme') ?? 'internal'
  if (where !== 'internal' && where !== 'off') return acmeServer(where, given)
  const stray = [...given.keys()].find(name => name.startsWith('acme-'))
  if (stray !== undefined) throw new UsageError(`--${stray}: only with --acme URL, the directory of an ACME server`)
  return where
}

/** @param {string} url @param {Options} given @returns {import('../wire/house.ts').AcmeServer} */
function acmeServer(url, given) {
  const kid = given.get('acme-eab-kid')
  const keyFile = given.get('acme-eab-key-file')
  if ((kid === undefined) !== (keyFile === undefined)) throw new UsageError('--acme-eab-kid and --acme-eab-key-file: one needs the other')
  return {
    url, email: given.get('acme-email') ?? null, caFile: given.get('acme-ca-file') ?? null, binding: kid === undefined ? null : { kid, keyFile },
    chain: given.get('acme-chain') ?? null, profile: given.get('acme-profile') ?? null,
  }
}

/** The wildcard of the zone is proven by our own DNS, and no client accepts one below a single label. @param {House} house */
function checkAcme({ acme, zone, dns }) {
  if (acme === 'internal' || acme === 'off') return
  if (!zone.includes('.')) throw new UsageError(`--acme ${acme.url}: no authority signs for the zone ${zone}; choose another --zone, or leave --acme out`)
  if (dns.length === 0) throw new UsageError(`--acme ${acme.url}: needs the name server, which --dns off turns off, to prove that the zone is ours`)
}

/** @param {House} house */
function checked(house) {
  checkAcme(house)
  checkSecondaries(house)
  if (house.ipv6Prefix !== null && !servesAll(house)) throw new UsageError('--ipv6-prefix: nothing serves those addresses; have --http or --https listen on [::]:PORT')
  const hosts = house.routes.map(route => route.host)
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index)
  if (twice !== undefined) throw new UsageError(`--route ${twice}: given twice; keep one`)
  if (hosts.includes(house.zone)) throw new UsageError(`--route ${house.zone}: this host is the panel's; choose another or another --zone`)
  if (house.proxyProtocol && house.trustedProxies.length === 0) throw new UsageError('--proxy-protocol: needs --trusted-proxy, for only those may speak it')
  return house
}

/** @param {House} house */
function checkSecondaries({ zone, dns, secondaries }) {
  if (secondaries.length > 0 && dns.length === 0) throw new UsageError('--secondary: needs the name server, which --dns off turns off')
  const places = secondaries.map(({ address, port }) => `${address} port ${port}`)
  const twice = places.find((place, index) => places.indexOf(place) !== index)
  if (twice !== undefined) throw new UsageError(`--secondary ${twice}: given twice; keep one`)
  for (const { name } of secondaries) if (name !== null && !mayServe(name, zone)) throw new UsageError(`--secondary ${name}: a name server in the zone is called ns1.${zone} to ns4.${zone}, which nobody can reserve`)
}

/** Whether `name` is outside the zone, or in it one of those that are kept for name servers (registry/reserved.json). @param {string} name @param {string} zone */
function mayServe(name, zone) {
  return (name !== zone && !name.endsWith(`.${zone}`)) || /^ns[1-4]$/.test(name.slice(0, -zone.length - 1))
}

/** Whether a door takes what comes for any IPv6 address, or a proxy does and passes it on. @param {House} house */
function servesAll({ http, https, trustedProxies }) {
  return trustedProxies.length > 0 || [...http, ...https].some(listen => listen.address === '::')
}
