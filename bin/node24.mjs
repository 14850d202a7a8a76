// Runs one of the house's programs under Node 24, in place of this process as far as Node 20 can. Called by auberge.mjs and test.mjs.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

const PASSED_ON = /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])

/**
 * Node 24 as npm brought it: a package of this kind of machine that is nothing but the binary, so that no install script runs.
 * @param {string} root the clone, or where the program is installed
 */
export function broughtNode(root) {
  return join(root, `node_modules/node-linux-${process.arch}/bin/node`)
}

/**
 * The Node that runs TypeScript as it is: this one where it is new enough, else the one npm brought.
 * @param {string} root the clone
 */
export function node24(root) {
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : broughtNode(root)
}

/**
 * Runs `script` with standard streams as they are and signals passed on; resolves its exit code. It is told to stop when this process dies.
 * @param {string} root
 * @param {string} script below the clone
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function runNode24(root, script, args) {
  return new Promise(resolve => {
    const [file = '', ...argv] = [...leaveWithParent(), node24(root), '--disable-warning=ExperimentalWarning', join(root, script), ...args]
    const child = spawn(file, argv, { stdio: 'inherit' })
    for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal))
    child.on('error', error => {
      process.stderr.write(`auberge: Node 24 can't be run (${error.message}); remove node_modules and start again\n`)
      resolve(1)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 1)))
  })
}

/** setpriv makes the kernel send SIGTERM to the program when this process dies, even by SIGKILL (prctl(2), PR_SET_PDEATHSIG). */
function leaveWithParent() {
  return existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM'] : []
}
