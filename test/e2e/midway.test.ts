// kill -9 in the middle of reservations, deploys and deletions: what was acknowledged is there, what was not is whole or undone.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { startHouse, type Answer, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { newOwner, zipOf, type Owner } from './owner.ts'

/** Each kills one process three times. */
const ROUNDS = 4

test('reservations, deploys and deletions that a kill -9 interrupts are done or undone, and the names are usable', { timeout: 240_000 }, async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  assert.equal((await alice.api('POST', '/api/sites', { name: 'keep' })).status, 201)
  for (let round = 0; round < ROUNDS; round++) {
    const victim = round % 2 === 0 ? 'control' : 'provisioner'
    await interruptedStory(house, alice, `s${round}`, victim)
  }
  await until('nothing of the deleted sites is left', async () => (await traces(house)).length === 0)
  assert.equal((await house.visit('keep.localhost')).status, 200)
})

/** One site from its reservation to its end, with a kill at a random moment of each step; every step is asked for until it is acknowledged. */
async function interruptedStory(house: TestHouse, owner: Owner, name: string, victim: string): Promise<void> {
  const made = await interrupted(house, victim, () => owner.api('POST', '/api/sites', { name }))
  if (made?.status !== 201) await again(`${name} made`, () => owner.api('POST', '/api/sites', { name }), answer => answer.status === 201 || (answer.status === 409 && answer.text.includes('name_taken')))
  await again(`${name} there`, () => owner.api('GET', `/api/sites/${name}`), answer => answer.status === 200)
  const body = await zipOf({ 'index.php': `<?php echo "${name} lives";` })
  const deployed = await interrupted(house, victim, () => owner.raw('PUT', `/api/sites/${name}/content`, { body }))
  if (deployed?.status !== 200) await again(`${name} deployed`, () => owner.raw('PUT', `/api/sites/${name}/content`, { body }), answer => answer.status === 200)
  const page = await again(`${name} answers`, () => house.visit(`${name}.localhost`), answer => answer.status === 200)
  assert.equal(page.text, `${name} lives`)
  assert.equal(await house.dig(`${name}.localhost`), '127.0.0.1')
  const gone = await interrupted(house, victim, () => owner.api('DELETE', `/api/sites/${name}`))
  if (gone?.status !== 204) await again(`${name} deleted`, () => owner.api('DELETE', `/api/sites/${name}`), answer => answer.status === 204 || answer.status === 404)
}

/** The answer of a call during which a process is killed; null where none came. */
async function interrupted(house: TestHouse, victim: string, act: () => Promise<Answer>): Promise<Answer | null> {
  const [pid = 0] = await house.pids(victim)
  const answer = act().catch(() => null)
  await pause(randomInt(700))
  try { process.kill(pid, 'SIGKILL') } catch { /* it is gone already */ }
  await until(`${victim} is back`, async () => (await house.pids(victim)).some(now => now !== pid))
  return answer
}

async function again(what: string, act: () => Promise<Answer>, good: (answer: Answer) => boolean): Promise<Answer> {
  let last: Answer | null = null
  await until(`${what}`, async () => {
    last = await act().catch(() => null)
    return last !== null && good(last)
  }).catch(error => { throw new Error(`${what}: ${last?.status} ${last?.text.slice(0, 500)}`, { cause: error }) })
  return last as unknown as Answer
}

/** Everything on the host that names a deleted site of this house, other than its final backups, which must be whole. */
async function traces(house: TestHouse): Promise<string[]> {
  const claims = '/var/lib/auberge-instances'
  const number = readdirSync(claims).find(each => readlinkSync(`${claims}/${each}`) === house.data) ?? ''
  const id = `auberge${number}`
  const found: string[] = []
  const mine = (text: string) => /(^|[^a-z0-9])s\d+([^a-z0-9]|$)/.test(text)
  for (const dir of [`${house.data}/pods`, `/run/auberge/${number}/lives`, `/run/auberge/${number}/bundles`]) {
    if (existsSync(dir)) found.push(...readdirSync(dir).filter(mine).map(entry => `${dir}/${entry}`))
  }
  found.push(...readdirSync('/run/netns').filter(entry => entry.startsWith(`${id}-s`)))
  found.push(...readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(line => line.includes(`${house.data}/pods/s`)))
  found.push(...(await execa('losetup', ['-a'])).stdout.split('\n').filter(line => line.includes(`${house.data}/pods/s`)))
  for (const group of ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map(each => `/sys/fs/cgroup/${each}`)]) {
    if (existsSync(`${group}/${id}`)) found.push(...readdirSync(`${group}/${id}`).filter(mine).map(entry => `${group}/${id}/${entry}`))
  }
  const backups = `${house.data}/backups`
  for (const file of existsSync(backups) ? readdirSync(backups) : []) {
    if ((await execa('gzip', ['-t', `${backups}/${file}`], { reject: false })).exitCode !== 0) found.push(`${backups}/${file} is damaged`)
  }
  return found
}
