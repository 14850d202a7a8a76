import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '../../../gateway/panel/faults.ts'
import { openHouse, people } from './house.ts'

test('a full disk is said as such, whoever found it; what is unknown stays in the log', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']) {
    const said = fault(Object.assign(new Error('database or disk is full at /var/lib/x'), { code }))
    assert.equal(said.code, 'unavailable')
    assert.match(said.message, /disk is full/)
    assert.doesNotMatch(said.message, /var/)
  }
  assert.equal(fault(new Error('secret')).code, 'failed')
  assert.doesNotMatch(fault(new Error('secret')).message, /secret/)
})

test('a call of the API that there is none of is not found, in JSON, with or without an Origin', async t => {
  const house = await openHouse()
  t.after(house.close)
  const { alice } = await people(house)
  for (const [method, path] of [['PUT', '/api/sites'], ['DELETE', '/api/accounts'], ['POST', '/api/none']] as const) {
    const answer = await alice.call(method, path)
    assert.deepEqual([answer.status, answer.json<{ error: { code: string } }>().error.code], [404, 'not_found'], `${method} ${path}`)
  }
})
