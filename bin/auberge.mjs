#!/usr/bin/env node
// The program's first step, on Node 20 with nothing installed: reads the command line, says at once what can't work,
// brings in the npm packages, then runs the command line program (cli/main.ts) or the rest under Node 24.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { blocked } from './doors.mjs'
import { thisHost } from './host.mjs'
import { installPackages } from './packages.mjs'
import { parse } from './parse.mjs'
import { runNode24 } from './node24.mjs'
import { UsageError } from './usage.mjs'

/** @typedef {import('./parse.mjs').Request} Request */

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} argv @returns {Promise<number>} */
async function main(argv) {
  const request = read(argv)
  if (request === null) return 2
  if (request.kind === 'help') return say(request.text)
  if (request.kind === 'version') return say(`auberge ${version()}\n`)
  const obstacle = await obstacleTo(request)
  if (obstacle !== null) return fail(obstacle, 1)
  if (!(await installPackages(root, { dev: request.kind === 'order' && request.options.has('tests') }))) return 1
  return runNode24(root, 'cli/main.ts', argv)
}

/** @param {string[]} argv @returns {Request | null} */
function read(argv) {
  try {
    return parse(argv, process.env, thisHost())
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    fail(error.message, 2)
    return null
  }
}

/** Why the command can't work here whatever is installed. @param {Request} request @returns {Promise<string | null>} */
async function obstacleTo(request) {
  if (process.platform !== 'linux') return `Auberge runs on Linux; this is ${process.platform}`
  if (request.kind === 'order' && request.command === 'setup' && process.getuid?.() !== 0) return 'setup installs Debian packages and must be root; run it with sudo'
  if (request.kind !== 'up') return null
  if (process.getuid?.() !== 0 && request.house.runtime !== 'none') return 'up must be root, for pods need it; run it with sudo, or with --runtime none for a gateway without pods'
  return blocked(request.house)
}

function version() {
  return JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).version
}

/** @param {string} text */
function say(text) {
  process.stdout.write(text)
  return 0
}

/** @param {string} message @param {number} code */
function fail(message, code) {
  process.stderr.write(`auberge: ${message}\n`)
  return code
}
