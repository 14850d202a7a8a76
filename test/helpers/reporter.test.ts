// The suite's own count: what passes, fails, is skipped, breaks outside a test or never ends.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { temporary } from './temporary.ts'

const program = new URL('../fixtures/report.ts', import.meta.url).pathname

/** Exit code, lines and the last of them. Within a test the runner declines to run others, unless the variable that tells it is gone. */
async function report(t: TestContext, source: string) {
  const file = `${temporary(t)}/a.test.mjs`
  writeFileSync(file, `import test, { describe, it, before } from 'node:test'\n${source}`)
  const { exitCode, stdout } = await execa(process.execPath, [program, file], { reject: false, extendEnv: false, env: { PATH: process.env.PATH } })
  const lines = String(stdout).trimEnd().split('\n')
  return { code: exitCode, lines, last: lines.at(-1) }
}

async function result(t: TestContext, source: string) {
  const { code, last } = await report(t, source)
  return { code, last }
}

test('passes, failures, skips and suites are counted by test', async t => {
  const source = `test('a', () => {}); test('b', { skip: true }, () => {}); test('c', () => { throw new Error('c') })
    describe('s', () => { it('d', () => {}); it('e', () => { throw new Error('e') }) })`
  assert.deepEqual(await result(t, source), { code: 1, last: '2 passed, 2 failed, 1 skipped' })
})

test('what failed is named again at the end, after what passed', async t => {
  const { lines } = await report(t, "test('a', () => { throw new Error('why') }); test('b', () => {})")
  assert.match(lines.join('\n'), /1 passed, 1 failed  \(.*\nFAIL  \S+  a\n +Error: why\n.*\n1 passed, 1 failed$/s)
})

test('all well is exit code 0, nothing run is not', async t => {
  assert.deepEqual(await result(t, "test('a', () => {})"), { code: 0, last: '1 passed, 0 failed' })
  assert.deepEqual(await result(t, ''), { code: 1, last: '0 passed, 0 failed' })
})

test('a file that breaks, a hook that throws and a test that hangs are failures', async t => {
  assert.equal((await report(t, "throw new Error('outside')")).last, '0 passed, 1 failed')
  assert.equal((await report(t, "describe('s', () => { before(() => { throw new Error('h') }); it('a', () => {}) })")).code, 1)
  assert.equal((await report(t, "test('a', () => new Promise(() => setInterval(() => {}, 1000)))")).code, 1)
})
