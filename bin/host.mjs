// What the machine and the caller are like, as far as defaults depend on it. Read once, by bin/auberge.mjs and the two main.ts that parse the command line.
import { availableParallelism, homedir, networkInterfaces, totalmem } from 'node:os'

/**
 * @typedef {object} Host
 * @property {number} uid 0 is root
 * @property {string} home the caller's home directory
 * @property {number} cores
 * @property {number} memory bytes
 * @property {boolean} ipv6 whether an IPv6 address is configured
 * @property {string | null} publicIpv4 the first address that isn't loopback
 * @property {string | null} publicIpv6 the first global address (2000::/3)
 */

/** @returns {Host} */
export function thisHost() {
  const addresses = Object.entries(networkInterfaces()).flatMap(([device, list]) => (list ?? []).map(entry => ({ device, ...entry })))
  const outside = addresses.filter(entry => !entry.internal && !/^(auberge|docker|br-|veth|virbr|cni)/.test(entry.device))
  return {
    uid: process.getuid?.() ?? 0,
    home: homedir(),
    cores: availableParallelism(),
    memory: totalmem(),
    ipv6: addresses.some(entry => entry.family === 'IPv6'),
    publicIpv4: outside.find(entry => entry.family === 'IPv4')?.address ?? null,
    publicIpv6: outside.find(entry => entry.family === 'IPv6' && /^[23]/.test(entry.address))?.address ?? null,
  }
}
