// Where the program runs from: in place where everybody may read it, else from a copy that only root can change.
import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { broughtNode } from '../../bin/node24.mjs'
import { program, programOf } from '../../cli/setup/program.ts'
import { temporary } from '../helpers/temporary.ts'

const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
const PARTS = ['bin', 'cli', 'dns', 'gateway', 'provisioner', 'registry', 'supervisor', 'wire', 'package.json', 'package-lock.json']

/** A clone in a directory that only root may enter, with its packages (hard links where the file system allows). */
async function closedClone(t: TestContext, below: string): Promise<string> {
  const home = mkdtempSync(`${below}/aub-`)
  t.after(() => rmSync(home, { recursive: true, force: true }))
  chmodSync(home, 0o700)
  mkdirSync(`${home}/auberge`)
  for (const part of PARTS) cpSync(`${root}/${part}`, `${home}/auberge/${part}`, { recursive: true })
  await execa('cp', ['--archive', '--link', `${root}/node_modules`, `${home}/auberge/`], { reject: false })
  if (!existsSync(broughtNode(`${home}/auberge`))) await execa('cp', ['--archive', `${root}/node_modules`, `${home}/auberge/`])
  return `${home}/auberge`
}

test('a clone that only root may enter is copied, whole, for everybody to read and only root to change', async t => {
  const clone = await closedClone(t, temporary(t))
  const installed = temporary(t)
  const step = program(clone, installed)
  assert.match((await step.check()) ?? '', /is not there/)
  await step.mend(() => {})
  assert.equal(await step.check(), null)
  const copy = programOf(clone, installed)
  assert.ok(copy.startsWith(`${installed}/`))
  const files = globSync('**', { cwd: copy })
  assert.ok(files.includes('gateway/control/main.ts') && files.includes(broughtNode('.')) && !files.includes('node_modules/typescript'))
  for (const file of files) {
    const { mode, uid, gid } = statSync(`${copy}/${file}`)
    assert.ok((mode & 0o004) !== 0 && (mode & 0o022) === 0 && uid === 0 && gid === 0, file)
  }
  assert.deepEqual(readdirSync(installed).filter(name => name.endsWith('.part')), [])
})

test('a change of any file is another copy, and old copies go, except one that a process runs from', async t => {
  const clone = await closedClone(t, temporary(t))
  const installed = temporary(t)
  const copies: string[] = []
  for (const text of ['1', '2', '3', '4', '5']) {
    writeFileSync(`${clone}/wire/mark.ts`, `// ${text}\n`)
    await program(clone, installed).mend(() => {})
    copies.push(programOf(clone, installed))
    if (text === '1') await runFrom(t, copies[0] ?? '')
  }
  assert.deepEqual(copies.map(copy => existsSync(broughtNode(copy))), [true, false, true, true, true])
})

async function runFrom(t: TestContext, copy: string): Promise<void> {
  const house = spawn(broughtNode(copy), ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
  t.after(() => house.kill('SIGKILL'))
  await once(house, 'spawn')
}

test('a clone that everybody may read runs in place', t => {
  const home = temporary(t)
  chmodSync(home, 0o755)
  for (const part of PARTS) symlinkSync(`${root}/${part}`, `${home}/${part}`)
  assert.equal(programOf(home), home)
})

test('a house from a clone under /root (0700) serves, its processes running from the copy', { timeout: 120_000 }, async t => {
  const clone = await closedClone(t, '/root')
  // A copy of its own: the machine's house may run from that of the program as it is.
  writeFileSync(`${clone}/wire/mark.ts`, `// ${clone}\n`)
  const copy = programOf(clone)
  t.after(() => rmSync(copy, { recursive: true, force: true }))
  const data = temporary(t)
  const house = spawn(process.execPath, [`${clone}/bin/auberge.mjs`, 'up', '--json', '--data', data, '--http', '127.0.0.1:0', '--https', 'off', '--dns', '127.0.0.1:0', '--runtime', 'none'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(house, 'exit')
  t.after(async () => { house.kill('SIGTERM'); await ended })
  let errors = ''
  house.stderr.on('data', chunk => { errors += String(chunk) })
  const line = await Promise.race([once(createInterface({ input: house.stdout }), 'line'), ended.then(([code]) => assert.fail(`ended with ${code}: ${errors}`))])
  const { panel } = JSON.parse(String(line[0])) as { panel: string }
  const answer = await execa('curl', ['--silent', '--resolve', `localhost:${new URL(panel).port}:127.0.0.1`, `${panel}healthz`])
  assert.match(answer.stdout, /"ready":true/)
  const { stdout } = await execa('ps', ['-eo', 'pid=,args='])
  const pids = stdout.split('\n').filter(row => row.includes(`${copy}/gateway/relay/main.ts`)).map(row => Number.parseInt(row, 10))
  assert.ok(pids.length > 0)
  for (const pid of pids) {
    assert.equal(readlinkSync(`/proc/${pid}/exe`), broughtNode(copy))
    assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\t0\t/m)
  }
})
