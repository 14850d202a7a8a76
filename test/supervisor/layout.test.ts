// The data directory: whose each part is, made once and mended.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { clearSockets, layOut, layout, refuseClosed } from '../../supervisor/layout.ts'
import { LONGEST_DATA } from '../../bin/options.mjs'
import { LONGEST_SOCKET } from '../../wire/users.ts'
import { places } from '../../wire/house.ts'
import { temporary } from '../helpers/temporary.ts'

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)

test('every directory has its mode, and nobody else can enter an edge', t => {
  const data = temporary(t)
  layOut(data, { asRoot: true })
  for (const place of layout(data)) assert.equal(mode(place.path), place.mode.toString(8), place.path)
  const closed = layout(data).slice(2).filter(place => (statSync(place.path).mode & 0o007) !== 0)
  assert.deepEqual(closed, [])
})

test('owners and modes that were changed are mended, with what is inside', t => {
  const data = temporary(t)
  layOut(data, { asRoot: true })
  const registry = `${data}/registry`
  const { uid } = statSync(registry)
  writeFileSync(places(data).registry, '')
  chownSync(registry, 12345, 12345)
  chmodSync(registry, 0o777)
  layOut(data, { asRoot: true })
  assert.equal(mode(registry), '700')
  assert.equal(statSync(registry).uid, uid)
  assert.equal(statSync(places(data).registry).uid, uid)
})

test('what the provisioner made of its own directories stays', t => {
  const data = temporary(t)
  layOut(data, { asRoot: true })
  chmodSync(places(data).pods, 0o711)
  layOut(data, { asRoot: true })
  assert.equal(mode(places(data).pods), '711')
})

test('sockets of a dead house are removed, its directories stay', t => {
  const data = temporary(t)
  layOut(data, { asRoot: true })
  writeFileSync(places(data).adminSocket, '')
  clearSockets(data)
  assert.equal(existsSync(places(data).adminSocket), false)
  assert.equal(existsSync(`${data}/run/admin`), true)
})

test('without root everything is the caller\'s alone', t => {
  const data = `${temporary(t)}/share/auberge`
  mkdirSync(data, { recursive: true })
  layOut(data, { asRoot: false })
  for (const place of layout(data)) assert.equal(statSync(place.path).mode & 0o077, 0, place.path)
})

test('every socket fits below the longest data directory that is accepted', () => {
  const at = places('/'.padEnd(LONGEST_DATA, 'd'))
  for (const socket of [at.routesSocket, at.panelSocket, at.zoneSocket, at.provisionerSocket, at.adminSocket]) assert.ok(socket.length <= LONGEST_SOCKET, socket)
})

test('data below a directory that the house\'s users can\'t pass is refused, by way of a link too', t => {
  const closed = temporary(t)
  const link = `${temporary(t)}/link`
  chmodSync(dirname(link), 0o755)
  chmodSync(closed, 0o700)
  symlinkSync(closed, link)
  for (const data of [`${closed}/house`, `${closed}/not/yet`, `${link}/house`]) assert.throws(() => refuseClosed(data), new RegExp(`run chmod o\\+x ${closed},`))
  chmodSync(closed, 0o711)
  for (const data of [closed, link, `${closed}/house`, `${closed}/not/yet`]) refuseClosed(data)
})
