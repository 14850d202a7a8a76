// Waking: fifty requests are one wake, from any tier; a request in the middle of a sleep is answered.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { execa } from 'execa'
import { dataFor, startHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { newOwner, zipOf } from './owner.ts'

/** When the pod's first process began, in clock ticks: the same in every answer of one start. */
const START = '<?php echo explode(" ", file_get_contents("/proc/1/stat"))[21];'
const TIERS = ['asleep', 'frozen'] as const

test('fifty requests at once to a sleeping site are one wake and fifty answers, and a request during a sleep is answered too', async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  await alice.api('POST', '/api/sites', { name: 'alice' })
  await alice.raw('PUT', '/api/sites/alice/content', { body: await zipOf({ 'index.php': START }) })
  const state = async () => (JSON.parse((await alice.api('GET', '/api/sites/alice')).text) as { state: string; lastWake: { at: number } | null })

  for (const tier of TIERS) {
    await alice.api('POST', '/api/sites/alice/wake')
    assert.equal((await house.auberge('site', 'sleep', 'alice', '--tier', tier)).code, 0)
    assert.equal((await state()).state, tier)
    const answers = await Promise.all(Array.from({ length: 50 }, () => house.visit('alice.localhost')))
    assert.deepEqual(answers.map(answer => answer.status), Array(50).fill(200))
    const starts = new Set(answers.map(answer => answer.text))
    assert.equal(starts.size, 1, 'all from one start of the pod')
  }

  const sleeps = Array.from({ length: 5 }, () => alice.api('POST', '/api/sites/alice/sleep'))
  const answers = await Promise.all(Array.from({ length: 20 }, () => house.visit('alice.localhost')))
  assert.deepEqual(answers.map(answer => answer.status), Array(20).fill(200))
  await Promise.all(sleeps)
})

test('fifty requests at once to a cold site, as all are after a reboot, are one start and fifty answers', async t => {
  const data = dataFor(t)
  const before = await startHouse(t, { data })
  const alice = await newOwner(before, 'alice')
  await alice.api('POST', '/api/sites', { name: 'alice' })
  await alice.raw('PUT', '/api/sites/alice/content', { body: await zipOf({ 'index.php': START }) })
  await before.stop()
  await reboot(data, 'alice')

  const house = await startHouse(t, { data })
  const answers = await Promise.all(Array.from({ length: 50 }, () => house.visit('alice.localhost')))
  assert.deepEqual(answers.map(answer => answer.status), Array(50).fill(200))
  assert.equal(new Set(answers.map(answer => answer.text)).size, 1, 'all from one start of the pod')
})

/** Takes away what a reboot takes: the site's process, network namespace, mounts, and the runtime's state of the whole house. */
async function reboot(data: string, site: string): Promise<void> {
  const { number } = JSON.parse(readFileSync(`${data}/pods/instance.json`, 'utf8')) as { number: number }
  const run = `/run/auberge/${number}`
  const pid = Number(readFileSync(`${run}/bundles/auberge${number}-${site}/pid`, 'utf8'))
  process.kill(pid, 'SIGKILL')
  await until('the pod is dead', () => !existsSync(`/proc/${pid}/ns/net`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  rmSync(run, { recursive: true })
  await execa('ip', ['netns', 'delete', `auberge${number}-${site}`])
  await execa('umount', [`${data}/pods/${site}/volume`, `${data}/pods/${site}/log`])
}

test('a site without requests goes to sleep by itself, and the next request wakes it', async t => {
  const house = await startHouse(t, { args: ['--idle', '1'] })
  const alice = await newOwner(house, 'alice')
  await alice.api('POST', '/api/sites', { name: 'alice' })
  assert.equal((await house.visit('alice.localhost')).status, 200)
  await until('the site is frozen', async () => (JSON.parse((await alice.api('GET', '/api/sites/alice')).text) as { state: string }).state === 'frozen')
  assert.equal((await house.visit('alice.localhost')).status, 200)
})
