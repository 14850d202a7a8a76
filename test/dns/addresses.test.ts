import { test } from 'node:test'
import assert from 'node:assert/strict'
import { compose } from '../../dns/addresses.ts'
import { encode } from '../../dns/body.ts'
import type { Lookup } from '../../dns/zone.ts'

const zone = { name: 'example', wireLength: 9 }
const addresses = (type: number, ttl: number, list: string[]): Exclude<Lookup, { kind: 'refused' }> => {
  return { kind: 'answer', answers: [{ owner: null, type, ttl, rdata: list.map(address => ({ address })) }], authorities: [], additionals: [] }
}

test('a body filled in is the one that dns2 encodes, for any addresses, number, TTL and length of name', () => {
  const lists = [['192.0.2.1'], ['255.255.255.255', '0.0.0.0'], ['10.1.2.3']]
  const lists6 = [['2001:db8::1'], ['::', '::1', 'fe80::'], ['1:2:3:4:5:6:7:8'], ['2001:DB8:0:0:ff::'], ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '1::8', '::2:3:4:5:6:7:8']]
  const all = [...lists.map(list => [1, list] as const), ...lists6.map(list => [28, list] as const)]
  for (const [type, list] of all) {
    for (const ttl of [0, 60, 2 ** 31 - 1]) {
      for (const length of [9, 11, 75, 255]) {
        const said = addresses(type, ttl, list)
        assert.deepEqual(compose(said, length, zone), encode(said, length, zone), list.join())
      }
    }
  }
})

test('bodies share no bytes', () => {
  const first = compose(addresses(1, 60, ['192.0.2.1']), 15, zone).bytes
  compose(addresses(1, 60, ['192.0.2.2']), 15, zone)
  assert.deepEqual(first, encode(addresses(1, 60, ['192.0.2.1']), 15, zone).bytes)
})
