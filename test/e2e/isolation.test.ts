// Inside a pod of a whole house: root is nobody outside, neighbours can't be seen or reached.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../helpers/house.ts'
import { newOwner } from './owner.ts'

test("root in a pod is an unprivileged id outside, sees only its own processes and files, and can't reach its neighbour or the host", async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  for (const name of ['alice', 'bob']) {
    assert.equal((await alice.api('POST', '/api/sites', { name })).status, 201)
    assert.equal((await house.visit(`${name}.localhost`)).status, 200)
  }
  const inAlice = async (...command: string[]) => (await house.auberge('site', 'exec', 'alice', '--', ...command))
  assert.equal((await inAlice('id', '-u')).stdout.trim(), '0')
  const [, host] = (await inAlice('cat', '/proc/self/uid_map')).stdout.trim().split(/\s+/)
  assert.ok(Number(host) >= 0x10000000)

  const processes = (await inAlice('ps', '-eo', 'args=')).stdout
  assert.match(processes, /apache2/)
  assert.doesNotMatch(processes, /node|crun|supervisor/)
  assert.equal((await inAlice('ls', house.data)).code === 0, false)
  assert.equal((await inAlice('touch', '/etc/passwd')).code === 0, false)

  const routes = JSON.parse((await house.auberge('routes', '--json')).stdout) as { site: string | null; upstream: string | null }[]
  const address = (site: string) => routes.find(route => route.site === site)?.upstream?.replace(/:\d+$/, '') ?? ''
  assert.match(address('bob'), /^\d+\./)
  const curl = async (url: string) => (await inAlice('curl', '-s', '-o', '/dev/null', '--connect-timeout', '2', url)).code
  assert.equal(await curl('http://127.0.0.1/'), 0, 'curl itself works')
  assert.notEqual(await curl(`http://${address('bob')}/`), 0)
  const gateway = address('bob').replace(/\.\d+$/, '.1')
  assert.notEqual(await curl(`http://${gateway}:${house.http}/`), 0)
})
