// A site's files one by one, in real workshops: what is listed, read, written, moved and removed, and what a hostile owner plants for it.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import test from 'node:test'
import { content } from '../../../provisioner/content.ts'
import type { Host } from '../../../provisioner/host.ts'
import { firstId } from '../../../provisioner/instance.ts'
import { podPlaces } from '../../../provisioner/places.ts'
import { filePath } from '../../../provisioner/valid.ts'
import { changeFiles, listFiles, readFile, writeFile } from '../../../provisioner/workshop/files.ts'
import { inWorkshop } from '../../../provisioner/workshop/workshop.ts'
import type { AubergeError } from '../../../wire/error.ts'
import { house } from './house.ts'

const body = (from: string | Buffer): Readable => Readable.from([from], { objectMode: false })
const read = async (host: Host, path: string) => {
  const { size, version, content: bytes } = await content(await readFile(host, 'alice', path))
  return { size, version, text: await text(bytes) }
}
const code = (expected: string) => (error: AubergeError): boolean => error.code === expected
const inside = (host: Host, script: string) => inWorkshop(host, 'alice', 60_000, shop => shop.run(['bash', '-c', script]))
const volume = (host: Host): string => podPlaces(host.data, 'alice').volume

test('files are written, listed, read, moved and removed, as whoever owns the directory', async t => {
  const host = await house(t)
  const { version } = await writeFile(host, 'alice', 'html/a/b/page.html', '-', body('hello'))
  assert.deepEqual(await read(host, 'html/a/b/page.html'), { size: 5, version, text: 'hello' })
  const at = lstatSync(`${volume(host)}/releases/initial/a/b/page.html`)
  assert.deepEqual([at.uid, at.gid, at.mode & 0o777], [firstId(host.instance, 0) + 33, firstId(host.instance, 0) + 33, 0o644])
  await writeFile(host, 'alice', 'html/empty', '', body(''))
  assert.equal((await read(host, 'html/empty')).size, 0)
  await changeFiles(host, 'alice', { do: 'mkdir', path: 'html/new' })
  await changeFiles(host, 'alice', { do: 'move', from: 'html/a/b/page.html', to: 'html/new/moved.html' })
  const { entries, truncated } = await listFiles(host, 'alice', 'html')
  assert.deepEqual(entries.map(({ name, type, link }) => [name, type, link]), [['a', 'directory', false], ['new', 'directory', false], ['empty', 'file', false], ['index.php', 'file', false]])
  assert.equal(truncated, false)
  assert.ok(Math.abs(entries[0]!.modifiedAt - Date.now()) < 60_000)
  assert.deepEqual((await listFiles(host, 'alice', '')).entries.map(({ name, type, link }) => [name, type, link]), [['html', 'directory', true], ['releases', 'directory', false], ['sessions', 'directory', false], ['tmp', 'directory', false]])
  await changeFiles(host, 'alice', { do: 'remove', path: 'html/a' })
  await changeFiles(host, 'alice', { do: 'remove', path: 'html' })
  assert.ok(existsSync(`${volume(host)}/releases/initial/index.php`), 'of a link, the link')
  assert.deepEqual(await host.runtime.list(), [], 'nothing runs on')
})

test('of two who edit the same version one is told, and what the other wrote stays', async t => {
  const host = await house(t)
  const { version } = await writeFile(host, 'alice', 'note', '-', body('one'))
  const both = await Promise.allSettled(['two', 'three'].map(each => writeFile(host, 'alice', 'note', version, body(each))))
  assert.deepEqual(both.map(each => each.status).sort(), ['fulfilled', 'rejected'])
  assert.equal((both.find(each => each.status === 'rejected') as PromiseRejectedResult).reason.code, 'conflict')
  assert.equal((await read(host, 'note')).text, both[0]!.status === 'fulfilled' ? 'two' : 'three')
  await assert.rejects(writeFile(host, 'alice', 'note', '-', body('new')), code('conflict'))
  await assert.rejects(writeFile(host, 'alice', 'gone', version, body('back')), code('conflict'))
  await inside(host, 'chmod 640 /var/www/note; chown 33:33 /var/www/note; echo changed > /var/www/note')
  const now = await read(host, 'note')
  assert.notEqual(now.version, version)
  await writeFile(host, 'alice', 'note', now.version, body('mine'))
  const at = lstatSync(`${volume(host)}/note`)
  assert.deepEqual([at.mode & 0o777, at.uid - firstId(host.instance, 0)], [0o640, 33], 'mode and owner stay')
})

test('an upload that breaks off or finds the disk full changes nothing and leaves nothing', async t => {
  const host = await house(t)
  await writeFile(host, 'alice', 'note', '', body('whole'))
  const broken = Readable.from((async function* () { yield 'half'; throw new Error('gone') })(), { objectMode: false })
  await assert.rejects(writeFile(host, 'alice', 'note', '', broken))
  await assert.rejects(writeFile(host, 'alice', 'note', '', body(Buffer.alloc(80 * 2 ** 20, 1))), code('too_large'))
  assert.equal((await read(host, 'note')).text, 'whole')
  assert.deepEqual(readdirSync(volume(host)).sort(), ['html', 'note', 'releases', 'sessions', 'tmp'])
})

test('what is not there, in the way or outside is said, and the host is not touched by what was planted', async t => {
  const host = await house(t)
  const precious = mkdtempSync(`${tmpdir()}/auberge-precious-`)
  t.after(() => rmSync(precious, { recursive: true, force: true }))
  writeFileSync(`${precious}/file`, 'precious')
  await inside(host, `cd /var/www; ln -s ${precious} out; ln -s /etc etc; ln -s /etc/passwd passwd; ln -s .. up; ln -s loop loop; mkfifo fifo; ln -s html/index.php in; mkdir -p odd; cd odd; touch -- '-rf' '*' $'a\\nb' $'\\xff' '$(id)' '<b>'`)
  for (const path of ['out', 'out/file', 'etc', 'etc/passwd', 'passwd', 'up', 'up/lib']) {
    await assert.rejects(read(host, path), /leads out|there is no/, path)
    await assert.rejects(listFiles(host, 'alice', path), /leads out|there is no|another kind/, path)
  }
  for (const path of ['out/file', 'passwd', 'etc/x', 'up/x']) await assert.rejects(writeFile(host, 'alice', path, '', body('planted')), path)
  for (const path of ['loop', 'fifo', 'odd']) await assert.rejects(read(host, path), path)
  await assert.rejects(writeFile(host, 'alice', 'fifo', '', body('x')), code('conflict'))
  await assert.rejects(changeFiles(host, 'alice', { do: 'move', from: 'odd', to: 'odd/within' }), code('conflict'))
  await assert.rejects(changeFiles(host, 'alice', { do: 'move', from: 'odd', to: 'etc/odd' }), code('forbidden'))
  await assert.rejects(changeFiles(host, 'alice', { do: 'remove', path: 'none' }), code('not_found'))
  assert.ok((await read(host, 'in')).text.includes('<?php'))
  const odd = (await listFiles(host, 'alice', 'odd')).entries
  assert.deepEqual(odd.map(({ name, type }) => [name, type]).sort(), [['$(id)', 'file'], ['*', 'file'], ['-rf', 'file'], ['<b>', 'file'], ['a\nb', 'other'], ['\ufffd', 'other']].sort())
  await changeFiles(host, 'alice', { do: 'remove', path: 'odd/*' })
  await changeFiles(host, 'alice', { do: 'remove', path: 'odd/-rf' })
  assert.equal((await listFiles(host, 'alice', 'odd')).entries.length, 4)
  await changeFiles(host, 'alice', { do: 'remove', path: 'out' })
  assert.deepEqual([readdirSync(precious), readFileSync(`${precious}/file`, 'utf8')], [['file'], 'precious'])
})

test('a long listing is cut, and a large file comes whole', async t => {
  const host = await house(t)
  await inside(host, 'cd /var/www; mkdir many; cd many; seq 6000 | xargs touch; cd ..; head -c 9000000 /dev/urandom > large')
  const { entries, truncated } = await listFiles(host, 'alice', 'many')
  assert.deepEqual([entries.length, truncated], [5000, true])
  const { size, content: bytes } = await content(await readFile(host, 'alice', 'large'))
  assert.deepEqual([size, (await buffer(bytes)).equals(readFileSync(`${volume(host)}/large`))], [9_000_000, true])
})

test('a path that could mean anything else is no path', () => {
  for (const bad of ['', '/etc', 'a/../b', '..', '.', 'a//b', 'a/', './a', 'a\nb', 'a\0', 'x'.repeat(256), 'a/'.repeat(70) + 'a', 7, null]) assert.throws(() => filePath(bad), code('invalid'), String(bad))
  for (const good of ['a', 'html/index.php', '-rf', '..x', ' ', 'é', '*']) assert.equal(filePath(good), good)
  assert.equal(filePath('', 'home too'), '')
})
