// The pages without JavaScript: forms, redirects, errors at their fields, languages, and text that isn't markup.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { en } from '../../../gateway/panel/language/en.ts'
import { fr } from '../../../gateway/panel/language/fr.ts'
import { pickLanguage } from '../../../gateway/panel/language/pick.ts'
import { SECTIONS } from '../../../gateway/panel/pages/site/sections.ts'
import { placeOf } from '../../../gateway/panel/pages/site/show.ts'
import { localPath } from '../../../gateway/panel/pages/views.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'
import { BREAKING, broken, TARGZ, ZIP } from './uploads.ts'

/** The text at a field of a form. */
const hint = (html: string, field: string): string => new RegExp(`id="${field}-hint"[^>]*>([^<]*)<`).exec(html)?.[1] ?? ''

/** Sends a file by the page's form. */
function upload(visitor: Visitor, path: string, content: Buffer | null) {
  const body = Buffer.concat([
    Buffer.from('--edge\r\ncontent-disposition: form-data; name="file"; filename="site.zip"\r\ncontent-type: application/zip\r\n\r\n'), content ?? Buffer.alloc(0), Buffer.from('\r\n--edge--\r\n'),
  ])
  return visitor.send('POST', path, { headers: { origin: visitor.origin, 'content-type': 'multipart/form-data; boundary=edge' }, body })
}

const house = await openHouse({}, openPods)
after(house.close)
const { alice, boss } = await people(house)

test('from the front page to a site that is live, and out again, by forms alone', async () => {
  const dora = house.visitor()
  assert.match((await dora.send('GET', '/')).text, /action="\/signup"/)
  assert.match((await dora.send('GET', '/signup?name=blog')).text, /name="name" value="blog"/)
  const up = await dora.form('/signup', { username: 'dora', password: PASSWORD, name: 'blog' })
  assert.deepEqual([up.status, up.headers.location], [303, '/sites?name=blog'])
  assert.match((await dora.send('GET', '/sites?name=blog')).text, /name="name" value="blog"/)
  const reserved = await dora.form('/sites', { name: 'blog' })
  assert.deepEqual([reserved.status, reserved.headers.location], [303, '/sites/blog?done=created'])
  const page = (await dora.send('GET', '/sites/blog?done=created')).text
  assert.match(page, /href="http:\/\/blog\.localhost:\d+\/"/)
  assert.equal((await dora.form('/sites', { name: 'blog' })).headers.location, '/sites/blog?done=yours', 'pressed twice')
  assert.ok(page.includes(en.done_created))
  for (const [form, done, state] of [['wake', 'woken', 'running'], ['sleep', 'slept', 'frozen'], ['restart', 'restarted', 'running']] as const) {
    const answer = await dora.form(`/sites/blog/${form}`, {})
    assert.deepEqual([answer.status, answer.headers.location], [303, `/sites/blog?done=${done}`])
    assert.match((await dora.send('GET', '/sites/blog')).text, new RegExp(`data-live="blog" data-state="${state}"`))
  }
  for (const content of [ZIP, TARGZ]) {
    const answer = await upload(dora, '/sites/blog/content', content)
    assert.deepEqual([answer.status, answer.headers.location], [303, '/sites/blog?done=deployed'], hint(answer.text, 'file'))
  }
  const [, first = ''] = (await dora.call('GET', '/api/sites/blog')).json<{ releases: string[] }>().releases
  assert.equal((await dora.form('/sites/blog/rollback', { release: first })).headers.location, '/sites/blog?done=rolled_back')
  assert.equal((await dora.call('GET', '/api/sites/blog')).json().release, first)
  const unsure = await dora.form('/sites/blog/delete', { confirm: 'bl0g' })
  assert.deepEqual([unsure.status, hint(unsure.text, 'confirm')], [422, en.delete_mismatch.replace('\'', '&#39;')])
  assert.equal((await dora.form('/sites/blog/delete', { confirm: 'blog' })).headers.location, '/sites?done=deleted')
  assert.equal((await dora.form('/signout', {})).headers.location, '/')
  assert.equal((await dora.send('GET', '/sites')).status, 303)
})

test('what is wrong is said at its field, and what was typed stays', async t => {
  const house = await openHouse({ signup: 'invite' })
  t.after(house.close)
  const { boss } = { boss: house.console() }
  await boss.call('POST', '/api/accounts', { username: 'alice', password: PASSWORD })
  const invite = (await boss.call('POST', '/api/invites', { uses: 5 })).json<{ code: string }>().code
  const visitor = house.visitor()
  const up = (fields: Record<string, string>) => visitor.form('/signup', { username: 'carol', password: PASSWORD, invite, ...fields })
  const cases: [Record<string, string>, number, string][] = [[{ username: 'alice' }, 409, 'username'], [{ password: 'x' }, 422, 'password'], [{ invite: 'nope' }, 403, 'invite'], [{ username: '' }, 422, 'username']]
  for (const [fields, status, field] of cases) {
    const answer = await up(fields)
    assert.equal(answer.status, status)
    assert.ok(hint(answer.text, field).length > 10, JSON.stringify(fields))
    assert.match(answer.text, new RegExp(`id="${field}"[^>]*aria-invalid="true"`))
    assert.equal(answer.text.includes(PASSWORD), false, 'but never a password')
  }
  assert.match((await up({ username: 'alice' })).text, /name="username"[^>]*value="alice"/)
  const wrong = await visitor.form('/signin', { username: 'alice', password: 'wrong', next: '/account' })
  assert.equal(wrong.status, 401)
  assert.ok(hint(wrong.text, 'password').includes('Wrong'))
  assert.equal((await visitor.form('/signin', { username: 'alice', password: PASSWORD, next: '/account' })).headers.location, '/account')
  const taken = await visitor.form('/sites', { name: 'www' })
  assert.equal(taken.status, 422)
  assert.ok(hint(taken.text, 'name').length > 10)
})

test('a wrong file is said at the file', async () => {
  await alice.call('POST', '/api/sites', { name: 'notes' })
  const answer = await upload(alice, '/sites/notes/content', Buffer.from('no archive'))
  assert.equal(answer.status, 415)
  assert.ok(hint(answer.text, 'file').includes('neither a zip nor a tar.gz'))
  assert.equal((await upload(alice, '/sites/notes/content', null)).status, 415)
  assert.deepEqual((await alice.call('GET', '/api/sites/notes')).json().releases, ['initial'])
})

test('settings are saved by forms, and what is wrong is said beside its field and stays', async () => {
  await alice.call('POST', '/api/sites', { name: 'tuned' })
  const view = async () => (await alice.call('GET', '/api/sites/tuned')).json<{ image: string; env: object; php: object; limits: { memory: number; disk: number } }>()
  const versions = (await alice.call('GET', '/api/images')).json<{ name: string; version: number }[]>().filter(image => image.name === 'php').map(image => `php@${image.version}`)
  const page = (await alice.send('GET', '/sites/tuned/settings')).text
  for (const version of versions) assert.ok(page.includes(`<option value="${version}">`), version)
  assert.doesNotMatch(page, /id="limit-memory"|id="start"/, 'neither an administrator nor an application')
  const saved = { status: 303, location: '/sites/tuned/settings?done=saved' }
  const save = async (form: string, fields: Record<string, string>, who = alice) => {
    const { status, headers } = await who.form(`/sites/tuned/${form}`, fields)
    assert.deepEqual({ status, location: headers.location }, saved, form)
  }
  await save('image', { image: versions[0]! })
  await save('env', { env: 'STAGE=test\r\n\r\nQUOTE=a = "b" <c>\r\n' })
  await save('php', { 'php-memory_limit': '64m', 'php-display_errors': 'On', 'php-date.timezone': '', 'php-session.cookie_samesite': '' })
  await save('limits', { 'limit-memory': '128M', 'limit-cpu': '0.5', 'limit-disk': '2G', 'limit-pids': '64', 'limit-database': '1G' }, boss)
  const { image, env, php, limits } = await view()
  assert.deepEqual({ image, env, php, limits }, { image: versions[0], env: { STAGE: 'test', QUOTE: 'a = "b" <c>' }, php: { memory_limit: '64M', display_errors: 'On' }, limits: { memory: 2 ** 27, cpu: 0.5, disk: 2 ** 31, pids: 64, database: 2 ** 30 } })
  assert.ok((await alice.send('GET', '/sites/tuned/settings')).text.includes('QUOTE=a = &quot;b&quot; &lt;c&gt;</textarea>'))

  const wrong: [string, Record<string, string>, string[]][] = [
    ['image', { image: 'castle' }, ['image']], ['env', { env: 'no assignment' }, ['env']], ['env', { env: 'DB_HOST=evil' }, ['env']],
    ['php', { 'php-memory_limit': '1T', 'php-max_execution_time': 'x', 'php-display_errors': 'On' }, ['php-memory_limit', 'php-max_execution_time']],
    ['limits', { 'limit-memory': 'much', 'limit-cpu': '0', 'limit-disk': '2G', 'limit-pids': '64', 'limit-database': '1G' }, ['limit-memory', 'limit-cpu']],
  ]
  for (const [form, fields, at] of wrong) {
    const answer = await boss.form(`/sites/tuned/${form}`, fields)
    assert.ok(answer.status >= 400 && answer.status < 500, `${form}: ${answer.status}`)
    for (const id of at) {
      assert.ok(hint(answer.text, id).length > 10, id)
      assert.match(answer.text, new RegExp(`id="${id}"[^>]*aria-invalid="true"`))
    }
    if (form !== 'image') assert.ok(answer.text.includes(`value="${fields[at[0]!]}"`) || answer.text.includes(`>${fields[at[0]!]}</textarea>`), 'what was typed stays')
  }
  assert.equal((await alice.form('/sites/tuned/limits', { 'limit-memory': '4G', 'limit-cpu': '1', 'limit-disk': '2G', 'limit-pids': '64', 'limit-database': '1G' })).status, 403)
  assert.deepEqual(await view().then(({ image, env, php, limits }) => ({ image, env, php, limits })), { image, env, php, limits }, 'and changed nothing')
  await save('php', {})
  assert.deepEqual((await view()).php, {})
})

test('a backup is restored and a deleted site brought back by forms', async () => {
  await alice.call('POST', '/api/sites', { name: 'kept' })
  await upload(alice, '/sites/kept/content', ZIP)
  const { body } = await alice.client.request({ method: 'GET', path: '/api/sites/kept/backup', headers: alice.headers() })
  const backup = Buffer.from(await body.arrayBuffer())
  const bad = await upload(alice, '/sites/kept/restore', Buffer.from('no backup'))
  assert.deepEqual([bad.status, hint(bad.text, 'backup-file')], [415, 'A backup is a tar.gz.'])
  assert.equal((await upload(alice, '/sites/kept/restore', backup)).headers.location, '/sites/kept/backup?done=restored')
  assert.doesNotMatch((await alice.send('GET', '/sites')).text, /href="\/backups"/)
  await alice.form('/sites/kept/delete', { confirm: 'kept' })
  assert.match((await alice.send('GET', '/sites')).text, /href="\/backups"/)
  const page = (await alice.send('GET', '/backups', { headers: { 'accept-language': 'fr' } })).text
  assert.ok(page.includes(fr.finals_title))
  const [, restore = '', id = ''] = /action="(\/backups\/(kept-[0-9TZ]+)\/restore)"/.exec(page) ?? []
  assert.equal((await boss.send('GET', '/backups')).text.includes(id), true)
  const eve = await house.visitor().signUp('nosy')
  assert.equal((await eve.send('GET', '/backups')).text.includes(id), false)
  assert.equal((await eve.form(restore, {})).status, 404)
  assert.equal((await alice.form(restore, {})).headers.location, '/sites/kept?done=revived')
  assert.equal(await house.page('kept'), 'hello')
  assert.equal((await alice.form(`/backups/${id}/remove`, {})).headers.location, '/backups?done=removed')
  assert.ok((await alice.send('GET', '/backups')).text.includes(en.finals_empty))
})

test('a token is shown once and revoked by a form; a password change keeps this browser in', async () => {
  const eve = await house.visitor().signUp('eve')
  const made = await eve.form('/account/tokens', { 'token-name': 'laptop' })
  const token = /class="token">([^<]+)</.exec(made.text)?.[1] ?? ''
  assert.equal((await house.visitor().call('GET', '/api/session', undefined, { authorization: `Bearer ${token}` })).json().username, 'eve')
  const page = (await eve.send('GET', '/account')).text
  assert.equal(page.includes(token), false)
  const revoke = /action="(\/account\/tokens\/[^"]+\/revoke)"/.exec(page)?.[1] ?? ''
  assert.equal((await eve.form(revoke, {})).headers.location, '/account?done=revoked#tokens')
  assert.ok(hint((await eve.form('/account/password', { current: 'wrong', password: 'nine dry umbrellas' })).text, 'current').length > 10)
  assert.equal((await eve.form('/account/password', { current: PASSWORD, password: 'nine dry umbrellas' })).headers.location, '/account?done=password')
  assert.equal((await eve.send('GET', '/account')).status, 200)
})

test('the administrator filters and sorts the table, suspends, resumes and invites, by forms', async t => {
  const house = await openHouse({}, openPods)
  t.after(house.close)
  const { alice, boss } = await people(house)
  for (const name of ['blog', 'zine']) await alice.call('POST', '/api/sites', { name })
  const hosts = async (query: string) => [...(await boss.send('GET', `/admin?${query}`)).text.matchAll(/<tr data-host="([^"]+)"/g)].map(found => found[1])
  assert.deepEqual(await hosts(''), ['blog.localhost', 'localhost', 'zine.localhost'])
  assert.deepEqual(await hosts('sort=host&down=1'), ['zine.localhost', 'localhost', 'blog.localhost'])
  assert.deepEqual(await hosts('filter=alice+asleep'), ['blog.localhost', 'zine.localhost'])
  assert.deepEqual(await hosts('filter=nothing+like+it&sort=nonsense&most=-4'), [])
  const suspend = await boss.form('/admin/accounts/alice/suspend', { reason: 'Sent <i>spam</i>' })
  assert.equal(suspend.headers.location, '/admin/accounts/alice?done=suspended')
  assert.ok((await boss.send('GET', '/admin/accounts')).text.includes('Sent &lt;i&gt;spam&lt;/i&gt;'))
  assert.ok((await alice.send('GET', '/sites')).text.includes('Sent &lt;i&gt;spam&lt;/i&gt;'))
  assert.equal((await alice.form('/sites', { name: 'more' })).status, 403)
  assert.equal((await alice.form('/signout', {})).status, 303, 'leaving is always possible')
  await boss.form('/admin/accounts/alice/resume', {})
  await boss.form('/admin/invites', { uses: '30' })
  assert.equal(house.registry.invites.list()[0]?.uses, 30)
})

test('no text of anybody\'s becomes markup', async () => {
  await alice.call('POST', '/api/sites', { name: 'evil' })
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'`{{7*7}}<%= 7*7 %>'
  await upload(alice, '/sites/evil/content', broken(`</pre>${evil}\n`))
  await alice.call('PATCH', '/api/sites/evil', { env: BREAKING })
  assert.equal((await alice.call('POST', '/api/sites/evil/wake')).status, 503)
  await alice.call('POST', '/api/tokens', { name: evil })
  const quoted = encodeURIComponent(evil)
  const sections = await Promise.all(SECTIONS.map(section => alice.send('GET', placeOf('evil', section))))
  const pages = [
    await alice.send('GET', '/sites/evil/logs'), await alice.send('GET', '/account'), await alice.send('GET', `/sites?name=${quoted}&done=${quoted}`), await alice.form('/sites', { name: evil }),
    await alice.form('/signin', { username: evil, password: 'x', next: evil }), await alice.form('/signup', { username: evil, password: 'x', name: evil, invite: evil }),
    await alice.send('GET', `/signin?next=${quoted}`), await alice.send('GET', `/signup?name=${quoted}`), await alice.send('GET', `/${quoted}`), await boss.send('GET', `/admin?filter=${quoted}&sort=${quoted}`), await boss.send('GET', `/sites/${quoted}`),
    await alice.form('/sites/evil/rollback', { release: evil }), await alice.form('/sites/evil/delete', { confirm: evil }), await alice.form('/sites/evil/env', { env: evil }),
    await alice.form('/sites/evil/php', { 'php-memory_limit': evil }), await alice.form('/sites/evil/image', { image: evil }), await alice.form(`/backups/${quoted}/restore`, {}),
  ]
  for (const { text } of [...pages, ...sections]) {
    assert.match(text, /^<!doctype html>/)
    assert.doesNotMatch(text, /<script>|<img|onerror=alert\(1\)>(?!.*&)|>49</, text.slice(0, 200))
    assert.doesNotMatch(text, / style=| on[a-z]+="|javascript:/)
  }
  assert.ok(pages[0]?.text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'))
})

test('a redirect after signing in never leaves the panel', () => {
  for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/a\r\nset-cookie: x=1', '', '/a\\b', '/é']) {
    assert.equal(localPath(path, '/sites'), '/sites', path)
  }
  assert.equal(localPath('/admin?filter=a%20b&sort=host', '/sites'), '/admin?filter=a%20b&sort=host')
})

test('the language is the browser\'s, unless the switch was used', async t => {
  const house = await openHouse()
  t.after(house.close)
  const visitor = house.visitor()
  const french = { 'accept-language': 'fr-CH, fr;q=0.9, en;q=0.8' }
  const page = await visitor.send('GET', '/', { headers: french })
  assert.match(page.text, /<html lang="fr">/)
  const refused = await visitor.call('POST', '/api/session', { username: 'nobody', password: 'nothing' }, french)
  assert.deepEqual(refused.json(), { error: { code: 'bad_credentials', message: fr.error_bad_credentials } })
  assert.equal((await visitor.call('GET', '/api/names/www', undefined, french)).json().reason, 'www est gardé pour la maison.')
  const switched = await visitor.form('/language', { to: 'en', back: '/signin' }, french)
  assert.deepEqual([switched.status, switched.headers.location], [303, '/signin'])
  assert.match((await visitor.send('GET', '/', { headers: french })).text, /<html lang="en">/)
  await visitor.form('/language', { to: '<script>', back: '//evil.example' })
  assert.match((await visitor.send('GET', '/', { headers: french })).text, /<html lang="en">/)
})

test('of several wishes the heaviest that we speak wins', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'en'], ['', 'en'], ['fr', 'fr'], ['de, fr;q=0.5, en;q=0.4', 'fr'], ['en;q=0.1, FR;q=0.2', 'fr'], ['fr;q=0, en', 'en'], ['*', 'en'], ['fr;q=x', 'fr'], [';;;,,', 'en'],
  ]
  for (const [header, expected] of cases) assert.equal(pickLanguage(undefined, header), expected, header)
  assert.equal(pickLanguage('fr', 'en'), 'fr')
  assert.equal(pickLanguage('de', 'en'), 'en')
})

test('both catalogues say everything, with the same blanks', () => {
  const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.ok(fr[key].length > 0, key)
    assert.deepEqual(blanks(fr[key]), blanks(en[key]), key)
  }
})
