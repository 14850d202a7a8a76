// Which addresses of a prefix are sites'.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSites, newInterface, siteAddress, siteBlock } from '../../registry/prefix.ts'
import { openRegistry } from '../../registry/open.ts'
import { scratch } from './scratch.ts'

test('a site\'s address is spelled as the kernel spells it', () => {
  assert.equal(siteAddress('2001:db8:1:2::/64', '123456789abc'), '2001:db8:1:2:a0be:1234:5678:9abc')
  assert.equal(siteAddress('2001:db8::/64', '000000000001'), '2001:db8::a0be:0:0:1')
  assert.equal(siteAddress('fd00::/64', '00ff00000000'), 'fd00::a0be:ff:0:0')
  assert.equal(siteBlock('2001:db8:1:2::/64'), '2001:db8:1:2:a0be::/80')
})

test('the host\'s own addresses, the panel\'s and what is no address are no site\'s', () => {
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:3:a0be::1', '192.0.2.1', '::ffff:192.0.2.1', '', 'x']) assert.equal(isSites('2001:db8:1:2::/64', address), false, address)
  assert.equal(isSites('2001:db8:1:2::/64', siteAddress('2001:db8:1:2::/64', newInterface())), true)
})

test('a site keeps what its address is made of through every change, and one that takes its name later gets another', async t => {
  const registry = openRegistry(`${scratch(t)}/auberge.db`)
  t.after(() => registry.close())
  const { id: owner } = await registry.accounts.create({ username: 'alice', password: 'correct horse' })
  const make = (): string => {
    registry.reservations.create({ name: 'shop', owner, kind: 'site' })
    return registry.sites.create({ name: 'shop', owner, image: 'php' }).interface
  }
  const first = make()
  assert.match(first, /^[0-9a-f]{12}$/)
  assert.equal(registry.sites.update('shop', { egress: 'none' }).interface, first)
  registry.reservations.remove('shop', 0)
  assert.notEqual(make(), first)
})
