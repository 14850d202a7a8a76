// Which ports a site may have open, and by which of the house's side doors each comes in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_PORTS, opened, parsePort, type OpenPort } from '../../registry/ports.ts'

const at = (...ports: number[]) => ports.map(port => ({ address: '::', port }))
const doors = { http: at(80, 8080), https: at(8443), dns: at(5353), sides: at(40_001, 40_002) }

test('a port is a whole number, and none of the house\'s own', () => {
  for (const port of [1, 22, 5432, 65_535, '25565']) assert.equal(parsePort(port, doors), Number(port))
  for (const port of [0, -1, 65_536, 1.5, '0x50', '1e3', ' 22', '', null, NaN]) assert.throws(() => parsePort(port, doors), /from 1 to 65535/, String(port))
  for (const port of [53, 80, 443, 8080, 8443, 5353, 40_001]) assert.throws(() => parsePort(port, doors), /house's own/, String(port))
})

test('each has a side door of its own, which it keeps, and one that is closed frees its', () => {
  let ports: OpenPort[] = []
  for (const port of [25_565, 22, 5432]) ports = opened(ports, port, false)
  assert.deepEqual(ports.map(each => [each.port, each.slot]), [[22, 1], [5432, 2], [25_565, 0]])
  ports = opened(ports.filter(each => each.port !== 22), 993, true)
  assert.deepEqual(ports.map(each => [each.port, each.slot, each.proxyProtocol]), [[993, 1, true], [5432, 2, false], [25_565, 0, false]])
  assert.deepEqual(opened(ports, 993, false).map(each => [each.port, each.slot, each.proxyProtocol])[0], [993, 1, false])
  ports = opened(ports, 7, false)
  assert.equal(ports.length, MOST_PORTS)
  assert.throws(() => opened(ports, 8, false), { code: 'quota' })
})
