// A gateway without pods, started by somebody who isn't root: everything runs as the caller, in the caller's own directory.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { request } from 'undici'
import { broughtNode } from '../../bin/node24.mjs'
import { program, programOf } from '../../cli/setup/program.ts'
import { temporary } from '../helpers/temporary.ts'

const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
const CALLER = 54321

test('a gateway with static routes needs no root', { timeout: 60_000 }, async t => {
  const behind = createServer((_request, response) => response.end('from behind')).listen(0, '127.0.0.1')
  await once(behind, 'listening')
  t.after(() => { behind.closeAllConnections(); behind.close() })
  const home = temporary(t)
  chownSync(home, CALLER, CALLER)
  chmodSync(home, 0o755)
  const clone = await readableClone(temporary(t))
  const argv = [`--reuid=${CALLER}`, `--regid=${CALLER}`, '--clear-groups', '--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all',
    broughtNode(clone), `${clone}/bin/auberge.mjs`, 'up', '--json', '--runtime', 'none', '--http', '127.0.0.1:0', '--https', 'off', '--dns', '127.0.0.1:0',
    '--route', `wiki.example=http://127.0.0.1:${(behind.address() as AddressInfo).port}`]
  const house = spawn('setpriv', argv, { cwd: '/', env: { PATH: process.env.PATH, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(house, 'exit')
  t.after(async () => { house.kill('SIGTERM'); await ended })
  let errors = ''
  house.stderr.on('data', chunk => { errors += String(chunk) })
  const [line] = await Promise.race([once(createInterface({ input: house.stdout }), 'line'), ended.then(([code]) => assert.fail(`ended with ${code}: ${errors}`))])
  const { http } = JSON.parse(String(line)) as { http: string[] }

  const answer = await request(`http://${http[0]}/`, { headers: { host: 'wiki.example', connection: 'close' } })
  assert.equal(await answer.body.text(), 'from behind')
  const { uid, mode } = statSync(`${home}/.local/share/auberge`)
  assert.deepEqual([uid, mode & 0o777], [CALLER, 0o700])
  assert.equal(readFileSync(`${home}/.local/share/auberge/registry/auberge.db`).subarray(0, 6).toString(), 'SQLite')
})

/** Where the program can be read by everybody: here, or a copy. */
async function readableClone(directory: string): Promise<string> {
  chmodSync(directory, 0o755)
  const place = programOf(root, directory)
  if (place !== root) await program(root, directory).mend(() => {})
  return place
}
