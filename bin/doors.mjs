// Tries every address that `auberge up` would listen on, before anything is installed or started. Called by bin/auberge.mjs.
import { createServer } from 'node:net'
import { createSocket } from 'node:dgram'
import { setTimeout as pause } from 'node:timers/promises'

/** @typedef {import('../wire/house.ts').House} House */
/** @typedef {import('../wire/house.ts').Listen} Listen */
/** @typedef {'http' | 'https' | 'dns'} Door */

/** Processes of a house that died suddenly let go of its ports within moments; milliseconds. */
const LEAVING = 500

/**
 * The first reason why a door can't be opened, as a line for people; null when all can.
 * @param {House} house
 * @returns {Promise<string | null>}
 */
export async function blocked(house) {
  const until = performance.now() + LEAVING
  for (const door of /** @type {Door[]} */ (['http', 'https', 'dns'])) {
    for (const listen of house[door]) {
      const code = await patiently(async () => (await tryTcp(listen)) ?? (door === 'dns' ? await tryUdp(listen) : null), until)
      if (code !== null) return explain(door, listen, code)
    }
  }
  return null
}

/**
 * The outcome of a bind; in use is tried again until the moment has come.
 * @param {() => Promise<string | null>} attempt
 * @param {number} until
 */
async function patiently(attempt, until) {
  for (;;) {
    const code = await attempt()
    if (code !== 'EADDRINUSE' || performance.now() >= until) return code
    await pause(20)
  }
}

/**
 * What a failed bind means and what to do.
 * @param {Door} door
 * @param {Listen} listen
 * @param {string} code the system's error code
 */
export function explain(door, listen, code) {
  const where = `${listen.address.includes(':') ? `[${listen.address}]` : listen.address}:${listen.port}`
  const other = `choose another with --${door} [ADDR:]PORT or turn it off with --${door} off`
  if (code === 'EADDRINUSE') return `${where} is in use: another program (perhaps Auberge itself) listens there; stop it, or ${other}`
  if (code === 'EACCES') return `${where} can't be opened: ports below 1024 need root; run as root, or ${other}`
  if (code === 'EADDRNOTAVAIL') return `${where} can't be opened: this host doesn't have that address; ${other}`
  return `${where} can't be opened (${code}); ${other}`
}

/** @param {Listen} listen @returns {Promise<string | null>} */
function tryTcp({ address, port }) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => resolve(codeOf(error)))
    server.listen({ host: address, port, ipv6Only: address.includes(':'), exclusive: true }, () => server.close(() => resolve(null)))
  })
}

/** @param {Listen} listen @returns {Promise<string | null>} */
function tryUdp({ address, port }) {
  return new Promise(resolve => {
    const six = address.includes(':')
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six })
    socket.once('error', error => { socket.close(); resolve(codeOf(error)) })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(null)))
  })
}

/** @param {NodeJS.ErrnoException} error */
function codeOf(error) {
  return error.code ?? error.message
}
