// The image `static`: files alone.
import assert from 'node:assert/strict'
import test from 'node:test'
import { podCgroup } from '../../../provisioner/instance.ts'
import { tarOf } from '../workshop/house.ts'
import { site } from './visit.ts'

test('a site of files alone is served by Apache, with .htaccess and without PHP', { timeout: 280_000 }, async t => {
  const { client, host, get, inside, log } = await site(t, {}, { image: 'static' })
  assert.match((await get('/')).body, /alice<\/strong> is ready[^]*lang="fr"[^]*est prêt/)
  await client.deploy('alice', tarOf({
    'index.html': 'home', 'wp-config.php': '<?php $password = "secret";', '.htaccess': 'RewriteEngine On\nRewriteRule ^old$ /new [R=301,L]\n', 'app.wasm': 'x', '.env': 'secret',
  }))
  assert.equal((await get('/')).body, 'home')
  assert.equal((await get('/old', { headers: { Host: 'alice.example', 'X-Forwarded-For': '203.0.113.9' } })).status, 301)
  assert.equal((await get('/app.wasm')).headers['content-type'], 'application/wasm')
  const source = await get('/wp-config.php')
  assert.deepEqual([source.status, source.body.includes('secret')], [403, false])
  assert.equal((await get('/.env')).status, 404)
  assert.match(await log(), /^203\.0\.113\.9 - - .*"GET \/old HTTP\/1\.1" 301/m)
  assert.equal(await inside('sh', '-c', 'command -v php || echo none'), 'none')
  const processes = await inside('sh', '-c', 'ls -d /proc/[0-9]* | wc -l')
  assert.ok(Number(processes) <= 6, `${processes} processes`)
  const answers = await Promise.all(Array.from({ length: 20 }, () => get('/')))
  assert.deepEqual(new Set(answers.map(answer => answer.body)), new Set(['home']))
  assert.ok(await host.cgroups.memory(podCgroup(host.instance, 'alice')) < 24 * 2 ** 20)
})
