import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { openRegistry } from '../../registry/open.ts'
import { scratch } from './scratch.ts'

test('what was acknowledged before kill -9 is there after it, whole', async t => {
  const file = `${scratch(t)}/auberge.db`
  let before = 0
  for (const rounds of [20, 50, 120]) {
    const acknowledged = await writeUntilKilled(file, rounds)
    const registry = openRegistry(file)
    const last = Number(registry.settings.get('last'))
    const newest = registry.audit.list(1)[0]?.subject
    registry.close()
    assert.ok(last >= acknowledged, `acknowledged ${acknowledged}, found ${last}`)
    assert.equal(newest, String(last), 'a transaction is there in whole or not at all')
    before = acknowledged
  }
  assert.ok(before > 0)
})

/** Runs the writer, kills it after `rounds` acknowledgements and returns the last one seen. */
async function writeUntilKilled(file: string, rounds: number): Promise<number> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/fixtures/writer.ts`, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last === rounds) child.kill('SIGKILL')
  }
  await exited
  return last
}
