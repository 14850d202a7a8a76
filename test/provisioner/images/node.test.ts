// An application of the image `node`: how it starts, what it sees, and when it takes a release over.
import assert from 'node:assert/strict'
import test from 'node:test'
import { tarOf } from '../workshop/house.ts'
import { ask, site } from './visit.ts'

const serving = (text: string) => `process.on('SIGTERM', () => { console.log('bye from ${text}'); process.exit() })
require('node:http').createServer((request, response) => response.end([${JSON.stringify(text)}, process.getuid(), process.env.COLOR, process.cwd(), request.headers['x-forwarded-for']].join(' '))).listen(process.env.PORT)`

test('an application of node starts, is given a port, and follows releases, its start command and its environment', { timeout: 280_000 }, async t => {
  const { client, host, pod, wanted, get, get6, inside, log } = await site(t, {}, { image: 'node', env: { COLOR: 'green' } })
  const again = async (): Promise<void> => {
    await client.sleep('alice', 'asleep')
    await client.wake('alice')
  }

  await t.test('a new site shows a page, in the visitor\'s language, by IPv4 and IPv6', async () => {
    assert.equal(pod.port, 8080)
    assert.match((await get('/')).body, /<html lang="en">[^]*alice<\/strong> is ready/)
    assert.match((await get6('/any', { headers: { 'Accept-Language': 'fr-CH' } })).body, /<html lang="fr">[^]*alice<\/strong> est prêt/)
  })
  await t.test('an application that runs goes on with the release it was started with, and is said to', async () => {
    const { release, restart } = await client.deploy('alice', tarOf({ 'server.js': serving('one'), 'other.js': serving('other') }))
    assert.equal(restart, true)
    assert.match((await get('/')).body, /is ready/)
    assert.equal((await client.list())[0]?.outdated, true)
    await again()
    assert.equal((await client.list())[0]?.outdated, false)
    assert.equal((await get('/', { headers: { 'X-Forwarded-For': '203.0.113.9' } })).body, `one 33 green /var/www/releases/${release} 203.0.113.9`)
  })
  await t.test('a frozen one takes a release over when it wakes, a sleeping one too', async () => {
    await client.sleep('alice', 'frozen')
    await client.deploy('alice', tarOf({ 'server.js': serving('two'), 'other.js': serving('other') }))
    await client.wake('alice')
    assert.match((await get('/')).body, /^two /)
    await client.sleep('alice', 'asleep')
    assert.equal((await client.deploy('alice', tarOf({ 'server.js': serving('three'), 'other.js': serving('other') }))).restart, false)
    await client.wake('alice')
    assert.match((await get('/')).body, /^three /)
  })
  await t.test('it is told to end, and may say goodbye', async () => {
    await client.sleep('alice', 'asleep')
    assert.match(await log(), /bye from three/)
  })
  await t.test('the owner says how it starts, in the words of a shell', async () => {
    const updated = await client.update('alice', { ...wanted, start: 'COLOR=blue node "other.js"' })
    assert.equal(updated.spec.start, 'COLOR=blue node "other.js"')
    await client.wake('alice')
    assert.match((await get('/')).body, /^other 33 blue /)
    await client.update('alice', { ...wanted, start: 'sh -c "exit 4"' })
    assert.match((await get('/')).body, /^other /, 'until it is restarted')
    await client.sleep('alice', 'asleep')
    await assert.rejects(client.wake('alice'), { code: 'wake_failed', message: /ended before it answered/ })
    for (const bad of ['a\nb', 'x'.repeat(1001), 'a\0']) await assert.rejects(client.update('alice', { ...wanted, start: bad }), { code: 'invalid' })
    await client.update('alice', wanted)
    await client.wake('alice')
    assert.match((await ask(pod.ipv4, pod.port, '/')).body, /^three /)
  })
  await t.test('what it throws is in the log, and in what its owner is told', async () => {
    await client.deploy('alice', tarOf({ 'server.js': 'throw new Error("not today")' }))
    await client.sleep('alice', 'asleep')
    await assert.rejects(client.wake('alice'), { code: 'wake_failed', message: /Error: not today/ })
    assert.equal((await client.list())[0]?.tier, 'failed')
    await client.deploy('alice', tarOf({ 'server.js': serving('mended') }))
    await client.wake('alice')
    assert.match((await get('/')).body, /^mended /)
  })
  await t.test('npm is there for the owner', async () => {
    assert.match(await inside('npm', '--version'), /^\d+\.\d+/)
    assert.ok(host.states.life('alice').pid > 0)
  })
})
