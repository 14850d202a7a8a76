// `npm test`, on Node 20 with nothing installed: brings in npm packages, Debian packages and the image, then runs the suite under Node 24.
// `npm test -- test/dns` runs a part, `npm test -- --list` says which files that would be.
import { fileURLToPath } from 'node:url'
import { installPackages } from './packages.mjs'
import { runNode24 } from './node24.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} args @returns {Promise<number>} */
async function main(args) {
  if (process.getuid?.() !== 0) return fail('the suite starts pods and must be root; run it with sudo npm test')
  if (!(await installPackages(root, { dev: true }))) return 1
  const ready = await runNode24(root, 'cli/main.ts', ['setup', '--tests'])
  return ready === 0 ? runNode24(root, 'test/helpers/run.ts', args) : ready
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`test: ${message}\n`)
  return 1
}
