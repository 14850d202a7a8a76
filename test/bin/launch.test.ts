// The first step as a user sees it in a fresh clone: nothing is installed there, and what can't work is said without installing anything.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { stale } from '../../bin/packages.mjs'
import { temporary } from '../helpers/temporary.ts'

const root = new URL('../..', import.meta.url).pathname

/** A clone in which nothing has been installed. */
function freshClone(t: TestContext): string {
  const clone = temporary(t)
  for (const part of ['bin', 'package.json', 'package-lock.json']) cpSync(`${root}${part}`, `${clone}/${part}`, { recursive: true })
  return clone
}

async function launch(clone: string, args: string[], prefix: string[] = []) {
  const [file = '', ...argv] = [...prefix, process.execPath, `${clone}/bin/auberge.mjs`, ...args]
  const { exitCode, stdout, stderr } = await execa(file, argv, { reject: false, stdin: 'ignore' })
  assert.ok(!existsSync(`${clone}/node_modules`), 'nothing was installed')
  return { code: exitCode, stdout: String(stdout), stderr: String(stderr) }
}

test('a misspelt option ends with 2 and one line', async t => {
  const { code, stderr, stdout } = await launch(freshClone(t), ['up', '--htp', '80'])
  assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: 'auberge: unknown option --htp; did you mean --http?' })
})

test('help and version need nothing installed', async t => {
  const clone = freshClone(t)
  assert.match((await launch(clone, ['--version'])).stdout, /^auberge \d+\.\d+\.\d+$/)
  assert.match((await launch(clone, ['site', 'deploy', '--help'])).stdout, /FILE\.tar\.gz/)
})

test('a TCP port in use ends with 1 and one line that names it', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { code, stderr } = await launch(freshClone(t), ['up', '--http', `127.0.0.1:${port}`, '--https', 'off', '--dns', 'off'])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^auberge: 127\\.0\\.0\\.1:${port} is in use: .*--http off$`))
})

test('a UDP port in use is found as well', async t => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const { code, stderr } = await launch(freshClone(t), ['up', '--http', 'off', '--https', 'off', '--dns', `127.0.0.1:${socket.address().port}`])
  assert.equal(code, 1)
  assert.match(stderr, /is in use.*--dns off$/)
})

test('without root only a gateway without pods can start, and not on low ports', async t => {
  const clone = freshClone(t)
  await execa('chmod', ['-R', 'a+rX', clone])
  const node = temporary(t)
  cpSync(process.execPath, `${node}/node`)
  await execa('chmod', ['-R', 'a+rX', node])
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', 'env', 'HOME=/tmp']
  const run = (args: string[]) => execa(nobody[0] ?? '', [...nobody.slice(1), `${node}/node`, `${clone}/bin/auberge.mjs`, ...args], { reject: false, cwd: '/' })
  const pods = await run(['up'])
  assert.equal(pods.exitCode, 1)
  assert.match(String(pods.stderr), /^auberge: up must be root.*--runtime none.*$/)
  const foreign = await run(['up', '--runtime', 'none', '--http', '198.51.100.77:0', '--https', 'off', '--dns', 'off'])
  assert.equal(foreign.exitCode, 1)
  assert.match(String(foreign.stderr), /doesn't have that address/)
})

test('npm packages are stale when one is missing, of another version, or half installed', t => {
  const clone = temporary(t)
  const write = (file: string, packages: object) => writeFileSync(`${clone}/${file}`, JSON.stringify({ packages }))
  const locked = { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/d': { version: '2.0.0', dev: true } }
  write('package-lock.json', locked)
  assert.equal(stale(clone, { dev: false }), true)
  mkdirSync(`${clone}/node_modules/a`, { recursive: true })
  assert.equal(stale(clone, { dev: false }), true, 'npm did not finish')
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } })
  assert.equal(stale(clone, { dev: false }), false)
  assert.equal(stale(clone, { dev: true }), true)
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.1' } })
  assert.equal(stale(clone, { dev: false }), true)
  rmSync(`${clone}/node_modules/a`, { recursive: true })
  assert.equal(stale(clone, { dev: false }), true)
  assert.equal(readFileSync(`${clone}/package-lock.json`, 'utf8').length > 0, true)
})
