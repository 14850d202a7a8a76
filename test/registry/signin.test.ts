// Signing in as somebody who isn't there costs as much as with a wrong password: otherwise its time would tell who has an account.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshRegistry } from './scratch.ts'

const TRIES = 3

/** Microseconds of the processor that so many tries take. */
async function cost(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let index = 0; index < TRIES; index++) assert.equal(await act(), null)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

test('an unknown username costs as much as a wrong password', async t => {
  const { registry } = freshRegistry(t)
  await registry.accounts.create({ username: 'alice', password: 'seven wet umbrellas' })
  const wrong = await cost(() => registry.accounts.verify('alice', 'seven dry umbrellas'))
  const unknown = await cost(() => registry.accounts.verify('nobody', 'seven dry umbrellas'))
  assert.ok(unknown > wrong / 2 && unknown < wrong * 2, `${unknown} µs of the processor against ${wrong}`)
})
