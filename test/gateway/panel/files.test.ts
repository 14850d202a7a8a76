// The file browser and its API on real pods: by forms alone, over each other's changes, and with names that try to be something else.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { en } from '../../../gateway/panel/language/en.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, people } from './house.ts'

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob } = await people(house)
await alice.call('POST', '/api/sites', { name: 'blog' })

type Listing = { path: string; entries: { name: string; type: string }[] }
const put = (path: string, body: string, headers: Record<string, string> = {}) =>
  alice.send('PUT', `/api/sites/blog/file?path=${encodeURIComponent(path)}`, { headers: { origin: alice.origin, 'content-type': 'application/octet-stream', ...headers }, body })
const get = (path: string) => alice.send('GET', `/api/sites/blog/file?path=${encodeURIComponent(path)}`)
const names = async (path: string) => (await alice.call('GET', `/api/sites/blog/files?path=${encodeURIComponent(path)}`)).json<Listing>().entries.map(entry => entry.name)

test('a script writes, reads, lists, moves and removes files', async () => {
  const written = await put('html/a/page.html', 'one', { 'if-none-match': '*' })
  assert.equal(written.status, 200, written.text)
  const { version } = written.json<{ version: string }>()
  const read = await get('html/a/page.html')
  assert.deepEqual([read.text, read.headers.etag, read.headers['content-length']], ['one', `"${version}"`, '3'])
  assert.equal((await put('html/a/page.html', 'two', { 'if-match': '"1.2.3"' })).status, 409)
  assert.equal((await put('html/a/page.html', 'two', { 'if-match': 'W/"x"' })).status, 400)
  assert.equal((await put('html/a/page.html', 'two', { 'if-match': `"${version}"` })).status, 200)
  assert.equal((await put('html/a/page.html', 'new', { 'if-none-match': '*' })).status, 409)
  const change = (json: object) => alice.call('POST', '/api/sites/blog/files', json)
  assert.equal((await change({ do: 'mkdir', path: 'html/b' })).status, 204)
  assert.equal((await change({ do: 'move', from: 'html/a/page.html', to: 'html/b/index.html' })).status, 204)
  assert.deepEqual(await names('html/b'), ['index.html'])
  assert.equal((await change({ do: 'remove', path: 'html/a' })).status, 204)
  assert.deepEqual([(await change({ do: 'remove', path: 'html/a' })).status, (await change({ do: 'remove', path: '../..' })).status, (await change({ do: 'explode', path: 'html' })).status], [404, 422, 422])
  for (const lost of [{ do: 'remove', path: 'html' }, { do: 'move', from: 'releases', to: 'old' }]) assert.equal((await change(lost)).status, 409, 'what deploys look after stays')
  assert.equal((await get('html/none')).status, 404)
})

test('what a site made is a download and nothing else, whatever its name says', async () => {
  const name = `html/<img src=x onerror=alert(1)>"';.html`
  await put(name, '<script>alert(1)</script>')
  const { headers, text } = await get(name)
  assert.equal(text, '<script>alert(1)</script>')
  assert.deepEqual([headers['content-type'], headers['x-content-type-options']], ['application/octet-stream', 'nosniff'])
  assert.match(String(headers['content-disposition']), /^attachment; filename\*=UTF-8''[A-Za-z0-9%._~-]+$/)
  const pages = [await alice.send('GET', '/sites/blog/files'), await alice.send('GET', `/sites/blog/files/edit?path=${encodeURIComponent(name)}`), await alice.send('GET', `/sites/blog/files?path=${encodeURIComponent(name)}`)]
  for (const page of pages) {
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text, /<img|<script>alert/)
    assert.ok(page.text.includes('&lt;img src=x'))
  }
})

test('by forms alone a file is made, edited with the line ends it had, renamed and deleted', async () => {
  const made = await alice.form('/sites/blog/files/new', { path: 'html', kind: 'directory', name: 'new.txt', make: 'file' })
  assert.deepEqual([made.status, made.headers.location], [303, '/sites/blog/files/edit?path=html%2Fnew.txt&done=file_made'])
  for (const [content, typed, eol] of [['', 'a\r\nb\r\n', 'a\nb\n'], ['x\r\ny', 'x\r\nz\r\n', 'x\r\nz\r\n']] as const) {
    await put('html/new.txt', content)
    const editor = (await alice.send('GET', '/sites/blog/files/edit?path=html%2Fnew.txt')).text
    const hidden = (field: string) => new RegExp(`name="${field}" value="([^"]*)"`).exec(editor)?.[1] ?? ''
    const saved = await alice.form('/sites/blog/files/edit', { path: 'html/new.txt', version: hidden('version'), eol: hidden('eol'), text: typed })
    assert.deepEqual([saved.status, saved.headers.location], [303, '/sites/blog/files/edit?path=html%2Fnew.txt&done=file_saved'])
    assert.equal((await get('html/new.txt')).text, eol)
  }
  const late = await alice.form('/sites/blog/files/edit', { path: 'html/new.txt', version: '1.2.3', eol: 'lf', text: 'mine & <b>' })
  assert.equal(late.status, 409)
  assert.ok(late.text.includes(en.files_conflict) && late.text.includes('mine &amp; &lt;b&gt;</textarea>'), 'what was typed stays')
  assert.equal((await alice.form('/sites/blog/files/edit', { path: 'html/new.txt', version: '1.2.3', eol: 'lf', text: 'mine', force: '1' })).status, 303)
  assert.equal((await get('html/new.txt')).text, 'mine')
  const moved = await alice.form('/sites/blog/files/move', { path: 'html/new.txt', kind: 'file', to: 'old.txt' })
  assert.equal(moved.headers.location, '/sites/blog/files/edit?path=html%2Fold.txt&done=file_moved')
  assert.equal((await alice.form('/sites/blog/files/move', { path: 'html', kind: 'directory', to: 'gone' })).status, 409)
  assert.equal((await alice.form('/sites/blog/files/remove', { path: 'html/old.txt', kind: 'file' })).headers.location, '/sites/blog/files?path=html&done=file_removed')
  const again = await alice.form('/sites/blog/files/new', { path: 'html', kind: 'directory', name: 'index.php', make: 'file' })
  assert.equal(again.status, 409)
  assert.match(again.text, /role="alert"/)
})

test('several files are sent by a form, binaries and long texts are not edited', async () => {
  const part = (name: string, content: string) => `--edge\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n${content}\r\n`
  const sent = await alice.send('POST', '/sites/blog/files/upload?path=html%2Fup', {
    headers: { origin: alice.origin, 'content-type': 'multipart/form-data; boundary=edge' }, body: `${part('one.txt', '1')}${part('../../two.txt', '2')}${part('bin', 'a\0b')}--edge--\r\n`,
  })
  assert.deepEqual([sent.status, sent.headers.location], [303, '/sites/blog/files?path=html%2Fup&done=file_uploaded'])
  assert.deepEqual((await names('html/up')).sort(), ['bin', 'one.txt', 'two.txt'])
  const page = (path: string) => alice.send('GET', `/sites/blog/files/edit?path=${encodeURIComponent(path)}`)
  assert.doesNotMatch((await page('html/up/bin')).text, /<textarea/)
  await put('html/long', 'x'.repeat(600_000))
  assert.doesNotMatch((await page('html/long')).text, /<textarea/)
  assert.equal((await alice.form('/sites/blog/files/edit', { path: 'html/up/one.txt', version: '', eol: 'lf', text: 'x'.repeat(600_000) })).status, 413)
})

test('files of a site that sleeps and of one that is nobody else\'s business', async () => {
  assert.equal((await alice.call('GET', '/api/sites/blog')).json().state, 'asleep', 'nothing woke it')
  for (const [method, path] of [['GET', '/sites/blog/files/edit?path=html'], ['POST', '/sites/blog/files/edit'], ['POST', '/sites/blog/files/new'], ['POST', '/sites/blog/files/move'], ['POST', '/sites/blog/files/remove'], ['POST', '/sites/blog/files/upload'],
    ['GET', '/api/sites/blog/file?path=html/index.php'], ['PUT', '/api/sites/blog/file?path=html/index.php'], ['GET', '/api/sites/blog/files'], ['POST', '/api/sites/blog/files']] as const) {
    assert.equal((await bob.call(method, path)).status, 404, `${method} ${path}`)
  }
})
