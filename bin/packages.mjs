// Brings the npm packages in, once: `npm ci` where node_modules is missing or older than the lock file. Called by auberge.mjs and test.mjs.
import { node24 } from './node24.mjs'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean }} Locked */

/**
 * Installs what is missing. Resolves whether npm did its work; its errors go to standard error.
 * @param {string} root the clone
 * @param {{ dev: boolean }} options whether the test suite's packages are needed too
 * @returns {Promise<boolean>}
 */
export async function installPackages(root, { dev }) {
  if (!stale(root, { dev })) return true
  process.stderr.write('Installing npm packages…\n')
  const started = Date.now()
  const done = await npm(root, ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(dev ? ['--include=dev'] : ['--omit=dev'])])
  if (done) process.stderr.write(`Installed npm packages (${Math.round((Date.now() - started) / 1000)} s).\n`)
  return done
}

/**
 * Whether a package that the lock file names is missing or of another version. npm writes its own list last, so a broken installation counts as stale.
 * @param {string} root
 * @param {{ dev: boolean }} options
 */
export function stale(root, { dev }) {
  if (!existsSync(node24(root))) return true
  const installed = lockedPackages(join(root, 'node_modules/.package-lock.json'))
  const wanted = lockedPackages(join(root, 'package-lock.json'))
  return Object.entries(wanted).some(([path, entry]) => {
    if (path === '' || entry.optional || (entry.dev && !dev)) return false
    return installed[path]?.version !== entry.version || !existsSync(join(root, path))
  })
}

/** @param {string} file @returns {Record<string, Locked>} */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

/** @param {string} root @param {string[]} args @returns {Promise<boolean>} */
function npm(root, args) {
  return new Promise(resolve => {
    const child = spawn('npm', args, { cwd: root, stdio: ['ignore', process.stderr, 'inherit'] })
    child.on('error', () => {
      process.stderr.write('auberge: npm is not there; install it (apt-get install npm) and start again\n')
      resolve(false)
    })
    child.on('exit', code => resolve(code === 0))
  })
}
