// Whether robots wake a site: kept in the registry, told to every relay, also after a restart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stage } from './stage.ts'

test('who may wake a site is the owner\'s choice: on its route when the owner is told, and after a restart', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  const invited = (): unknown => relay.routes.get('shop.localhost')
  const made = await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  assert.equal(made.wakeForRobots, false)
  assert.equal(Object.hasOwn(Object(invited()), 'uninvited'), false)
  const updates = set.rooms.count('update shop')
  const changed = await set.control.desk.updateSite(set.alice, 'shop', { wakeForRobots: true })
  assert.equal(changed.wakeForRobots, true)
  assert.partialDeepStrictEqual(invited(), { uninvited: 'wake' })
  assert.equal(set.rooms.count('update shop'), updates, 'its pod is left alone')
  await set.again()
  const other = await set.relay()
  assert.partialDeepStrictEqual(other.routes.get('shop.localhost'), { uninvited: 'wake' })
  await set.control.desk.updateSite(set.alice, 'shop', { wakeForRobots: false })
  assert.equal(Object.hasOwn(Object(other.routes.get('shop.localhost')), 'uninvited'), false)
})
