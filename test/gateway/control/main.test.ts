import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { openRegistry } from '../../../registry/open.ts'
import { places } from '../../../wire/house.ts'
import { scratch } from '../../registry/scratch.ts'
import { FakeRelay } from './peers.ts'
import { call, kill, startControl } from './process.ts'
import { houseAt } from './stage.ts'

const ALICE = { username: 'alice', password: 'correct horse' }

test('accounts and names that control acknowledged are there after kill -9', async t => {
  const house = houseAt(scratch(t), { runtime: 'none', http: [], dns: [] })
  let control = await startControl(t, house)
  assert.equal((await call(house, 'POST', '/api/accounts', ALICE)).status, 201)
  for (let count = 0; count < 3; count++) {
    const made = await call(house, 'POST', '/api/sites', { name: `blog${count}`, kind: 'external', addresses: ['192.0.2.7'], owner: 'alice' })
    assert.equal(made.status, 201)
    await kill(control)
    control = await startControl(t, house)
    assert.equal((await call(house, 'GET', `/api/sites/blog${count}`)).status, 200)
  }
  assert.deepEqual((await call(house, 'GET', '/api/sites')).json instanceof Array, true)
})

test('control leaves with its supervisor, closes its sockets and exits with 0', async t => {
  const house = houseAt(scratch(t), { runtime: 'none', http: [], dns: [] })
  const control = await startControl(t, house)
  const where = places(house.data)
  for (const socket of [where.panelSocket, where.adminSocket, where.routesSocket, where.zoneSocket]) assert.equal(statSync(socket).mode & 0o777, 0o660)
  const relay = await FakeRelay.at(where.routesSocket)
  control.stdin?.end()
  const [code] = await once(control, 'exit') as [number]
  assert.equal(code, 0)
  assert.equal(existsSync(where.routesSocket), false)
  relay.socket.destroy()
})

test('a registry of a newer program ends control with a message, not with damage', async t => {
  const house = houseAt(scratch(t), { runtime: 'none', http: [], dns: [] })
  const { default: Database } = await import('better-sqlite3')
  openRegistry(places(house.data).registry).close()
  const db = new Database(places(house.data).registry)
  db.pragma('user_version = 999')
  db.close()
  await assert.rejects(startControl(t, house), /left with 1/)
})
