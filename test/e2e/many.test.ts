// Many sites: a storm of wakes is answered, and what slept again has left nothing behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdings, type Holdings } from '../helpers/holdings.ts'
import { startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { newOwner, type Owner } from './owner.ts'

const SITES = Array.from({ length: 12 }, (_, i) => `site${i}`)

test('a storm of wakes is answered, and the sites asleep again hold what they held before, time after time', async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  for (const name of SITES) assert.equal((await alice.api('POST', '/api/sites', { name })).status, 201)
  // The server of their databases is one pod more, beside the bridge.
  await until('the database server serves', async () => (await usage(alice)).database !== null, 60_000)
  const { files: before, ...held } = await storm(house, alice)
  assert.deepEqual(held, { mounts: 39, loops: 13, netns: 13, veths: 12, neighbours: 36, rules: 12, cgroups: 26, processes: 13, containers: 13, bundles: 13 })
  for (let round = 2; round <= 3; round++) {
    const { files, ...now } = await storm(house, alice)
    assert.deepEqual(now, held)
    // Connections between a relay and the panel come and go; a descriptor for each wake would be a dozen a round.
    for (const [part, open] of Object.entries(files)) assert.ok(open - before[part]! < SITES.length / 2, `${part} had ${before[part]} files open, and ${open} ${round - 1} storms later`)
  }
})

/** Asks for all at once, puts all to sleep and resolves with what the house holds then. */
async function storm(house: TestHouse, { api }: Owner): Promise<Holdings> {
  const answers = await Promise.all(SITES.map(name => house.visit(`${name}.localhost`)))
  assert.deepEqual(answers.map(answer => answer.status), SITES.map(() => 200))
  for (const name of SITES) assert.equal((await api('PATCH', `/api/sites/${name}`, { tier: 'asleep' })).status, 200)
  return holdings(house)
}

async function usage({ api }: Owner): Promise<{ database: number | null }> {
  const { text } = await api('GET', `/api/sites/${SITES.at(-1)}`)
  return (JSON.parse(text) as { usage: { database: number | null } | null }).usage ?? { database: null }
}
