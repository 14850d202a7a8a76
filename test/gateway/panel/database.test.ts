// A site's database as its owner has it: by the API, on the site's page, and with another password.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SiteView } from '../../../gateway/desk.ts'
import { en } from '../../../gateway/panel/language/en.ts'
import { fr } from '../../../gateway/panel/language/fr.ts'
import { ensureImage } from '../../../provisioner/images/build.ts'
import { until } from '../../helpers/patience.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, people } from './house.ts'
import { zip } from '../archive/zips.ts'

const PAGE = `<?php
mysqli_report(MYSQLI_REPORT_OFF);
$db = @new mysqli(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), (int) getenv('DB_PORT'));
echo $db->connect_errno === 0 ? 'in' : 'out';`

await ensureImage('mariadb', () => {})
const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss } = await people(house)
const seen = async (name: string) => (await alice.call('GET', `/api/sites/${name}`)).json<SiteView>()

test('the owner of a site sees how to reach its database; nobody else does, and no list shows it', async () => {
  const made = (await alice.call('POST', '/api/sites', { name: 'blog' })).json<SiteView>()
  assert.equal(made.database, null)
  const { database, limits } = await seen('blog')
  assert.match(database?.password ?? '', /^[0-9a-f]{40}$/)
  assert.deepEqual({ ...database, password: '', host: '' }, { host: '', port: 3306, name: 'blog', user: 'blog', password: '' })
  assert.equal(limits?.database, 512 * 2 ** 20)
  assert.equal((await bob.call('GET', '/api/sites/blog')).status, 404)
  assert.equal((await bob.call('POST', '/api/sites/blog/database/rotate')).status, 404)
  for (const answer of [await alice.call('GET', '/api/sites'), await boss.call('GET', '/api/sites'), await boss.call('GET', '/api/audit'), await alice.send('GET', '/sites')]) {
    assert.equal(answer.text.includes(database?.password ?? 'x'), false)
  }
  await alice.call('POST', '/api/sites', { name: 'home', kind: 'external', addresses: ['192.0.2.9'] })
  assert.equal((await seen('home')).database, null)
  assert.equal((await alice.call('POST', '/api/sites/home/database/rotate')).status, 409)
})

test('a new password counts for a site that runs and one that sleeps, and the old one no more', async () => {
  await alice.send('PUT', '/api/sites/blog/content', { headers: { origin: alice.origin, 'content-type': 'application/zip' }, body: zip([{ name: 'index.php', data: PAGE }]) })
  await until('the database is there', async () => (await house.page('blog')) === 'in', 60_000)
  const passwords = new Set([(await seen('blog')).database?.password])
  for (const state of ['running', 'frozen', 'asleep']) {
    if (state !== 'running') await alice.call('POST', '/api/sites/blog/sleep', { tier: state })
    assert.equal((await seen('blog')).state, state)
    const rotated = await alice.call('POST', '/api/sites/blog/database/rotate')
    assert.equal(rotated.status, 200, rotated.text)
    passwords.add(rotated.json<SiteView>().database?.password)
    assert.equal((await seen('blog')).state, state, 'it is as it was')
    assert.equal(await house.page('blog'), 'in', state)
  }
  assert.equal(passwords.size, 4)
})

test('the page of a site says it in both languages, and its form gives a new password', async () => {
  const { database } = await seen('blog')
  for (const [language, words] of [['en', en], ['fr', fr]] as const) {
    const page = (await alice.send('GET', '/sites/blog/database', { headers: { 'accept-language': language } })).text
    for (const text of [words.database_title, words.database_password, database?.host ?? 'x', database?.password ?? 'x']) assert.ok(page.includes(text), `${language}: ${text}`)
  }
  const answer = await alice.form('/sites/blog/database', {})
  assert.deepEqual([answer.status, answer.headers.location], [303, '/sites/blog/database?done=rotated'])
  assert.notEqual((await seen('blog')).database?.password, database?.password)
})

test('the image of the database server is no site’s', async () => {
  assert.equal((await alice.call('POST', '/api/sites', { name: 'odd', image: 'mariadb' })).status, 422)
  assert.equal((await alice.call('PATCH', '/api/sites/blog', { image: 'mariadb' })).status, 422)
  assert.doesNotMatch((await alice.send('GET', '/sites/blog/settings')).text, /value="mariadb/)
  assert.ok((await boss.call('GET', '/api/images')).json<{ name: string }[]>().some(image => image.name === 'mariadb'))
})

test('only an administrator gives a database more room', async () => {
  const more = { limits: { database: 2 ** 30 } }
  assert.equal((await alice.call('PATCH', '/api/sites/blog', more)).json<{ error: { code: string } }>().error.code, 'quota')
  assert.equal((await boss.call('PATCH', '/api/sites/blog', more)).json<SiteView>().limits?.database, 2 ** 30)
})
