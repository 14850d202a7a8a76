import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Header } from 'tar-stream'
import { LIMITS, openArchive } from '../../../gateway/archive/archive.ts'
import { sweep } from '../../../gateway/archive/spool.ts'
import { plainTar, tarGz, unpacked, uploads } from './unpacked.ts'

type Entry = [Partial<Header> & { name: string }, string?]
const index: Entry = [{ name: 'index.php' }, 'hello']
const file = (text: string, mode = 0o644) => ({ text, mode })

test('files and directories of a tar.gz arrive with canonical names and modes', async t => {
  const long = `${'long/'.repeat(30)}file.txt`
  const archive = await tarGz([[{ name: './', type: 'directory' }], [{ name: './a/b.txt', mode: 0o4777 }, 'b'], [{ name: long }, 'l'], [{ name: 'e/', type: 'directory' }]])
  const all = await unpacked(t, 'tar.gz', archive)
  assert.deepEqual(all['a/b.txt'], file('b', 0o755))
  assert.deepEqual(all[long], file('l'))
  assert.equal(all['e/'], 'directory')
  assert.equal(Object.keys(all).length, 30 + 4)
})

test('a tar.gz made by GNU tar of a folder loses the folder', async t => {
  const directory = mkdtempSync(`${tmpdir()}/auberge-tar-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(`${directory}/site/css`, { recursive: true })
  writeFileSync(`${directory}/site/index.html`, '<p>')
  writeFileSync(`${directory}/site/css/é.css`, 'x'.repeat(100_000))
  for (const format of ['gnu', 'pax', 'ustar']) {
    execFileSync('tar', ['-czf', `${directory}/${format}`, `--format=${format}`, '-C', directory, 'site'])
    assert.deepEqual(await unpacked(t, 'tar.gz', readFileSync(`${directory}/${format}`)), { 'css/': 'directory', 'css/é.css': file('x'.repeat(100_000)), 'index.html': file('<p>') })
  }
})

const REFUSED: [what: string, entry: Entry][] = [
  ['a path that leads out', [{ name: '../evil' }, 'x']],
  ['an absolute path', [{ name: '/etc/cron.d/evil' }, 'x']],
  ['a symbolic link', [{ name: 'link', type: 'symlink', linkname: '/etc' }]],
  ['a hard link', [{ name: 'link', type: 'link', linkname: 'index.php' }]],
  ['a character device', [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }]],
  ['a block device', [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }]],
  ['a FIFO', [{ name: 'fifo', type: 'fifo' }]],
  ['a file twice', [{ name: './index.php' }, 'again']],
  ['a directory that is a file', [{ name: 'index.php', type: 'directory' }]],
  ['a control character', [{ name: 'a\tb' }, 'x']],
  ['a long name', [{ name: 'n'.repeat(256) }, 'x']],
  ['a sparse file', [{ name: 'sparse', pax: { 'GNU.sparse.major': '1' } }, 'x']],
]

for (const [what, entry] of REFUSED) {
  test(`a tar.gz with ${what} is refused`, async t => {
    await assert.rejects(unpacked(t, 'tar.gz', await tarGz([index, entry])), { code: 'bad_archive' })
  })
}

test('nothing is passed on of a tar.gz whose last entry is bad', async t => {
  const { directory, left } = uploads(t)
  const archive = await tarGz([index, [{ name: 'big' }, 'x'.repeat(10 ** 6)], [{ name: '../evil' }, 'x']])
  await assert.rejects(openArchive('tar.gz', Readable.from([archive]), directory), { code: 'bad_archive' })
  assert.deepEqual(left(), [])
})

test('a gzip bomb is stopped while it inflates', async t => {
  const limits = { ...LIMITS, unpacked: 10 ** 6, entries: 10 }
  await assert.rejects(unpacked(t, 'tar.gz', gzipSync(Buffer.alloc(30 * 10 ** 6)), limits), { code: 'too_large' })
  await assert.rejects(unpacked(t, 'tar.gz', await tarGz([[{ name: 'a' }, '0'.repeat(2 * 10 ** 6)]]), limits), { code: 'too_large' })
  await assert.rejects(unpacked(t, 'tar.gz', await tarGz(Array.from({ length: 11 }, (_, i) => [{ name: `f${i}` }])), limits), { code: 'too_large' })
})

test('what is no tar.gz, or not all of one, is refused', async t => {
  const whole = await tarGz([index, [{ name: 'b' }, 'b'.repeat(5000)]])
  const tar = await plainTar([index])
  const turned = Buffer.from(tar)
  turned[0]! ^= 1
  const bad = [Buffer.alloc(0), Buffer.from('PK not gzip'), tar, gzipSync('no tar at all'), gzipSync(Buffer.alloc(0)), gzipSync(turned), gzipSync(tar.subarray(0, 514)), await tarGz([]), await tarGz([[{ name: 'd', type: 'directory' }]])]
  for (const bytes of bad) await assert.rejects(unpacked(t, 'tar.gz', bytes), { code: 'bad_archive' })
  for (let end = 0; end < whole.length; end += 7) await assert.rejects(unpacked(t, 'tar.gz', whole.subarray(0, end)), { code: 'bad_archive' })
})

test('an upload that breaks off or is too large leaves no file', async t => {
  const { directory, left } = uploads(t)
  const broken = Readable.from((async function* () { yield Buffer.from('abc'); throw new Error('gone') })())
  await assert.rejects(openArchive('zip', broken, directory), { message: 'gone' })
  await assert.rejects(openArchive('zip', Readable.from([Buffer.alloc(1000)]), directory, { ...LIMITS, upload: 999 }), { code: 'too_large' })
  assert.deepEqual(left(), [])
})

test('uploads that a killed process left are swept', async t => {
  const { directory, left } = uploads(t)
  writeFileSync(`${directory}/old`, 'x')
  await sweep(directory)
  assert.deepEqual(left(), [])
})

test('a consumer that leaves half way leaves no file and no descriptor', async t => {
  const { directory, left } = uploads(t)
  const { tar, discard } = await openArchive('tar.gz', Readable.from([await tarGz([index, [{ name: 'big' }, 'x'.repeat(10 ** 7)]])]), directory)
  await once(tar, 'readable')
  tar.read()
  await discard()
  if (!tar.closed) await once(tar, 'close')
  assert.deepEqual(left(), [])
  const open = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' })
  assert.ok(!open.includes(directory), open)
})
