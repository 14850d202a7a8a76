import assert from 'node:assert/strict'
import test from 'node:test'
import { LIMITS } from '../../../gateway/archive/archive.ts'
import { unpacked } from './unpacked.ts'
import { zip, type ZipEntry } from './zips.ts'

const index: ZipEntry = { name: 'index.php', data: 'hello' }
const file = (text: string, mode = 0o644) => ({ text, mode })

test('files and directories of a zip arrive with canonical names and modes', async t => {
  const archive = zip([
    { name: './a//b/./c.txt', data: 'c' }, { name: 'empty/' }, { name: 'run.sh', data: '#!', mode: 0o100750 },
    { name: 'odd.txt', data: 'o', mode: 0o104777 }, { name: 'stored', data: 'plain', method: 0 }, { name: 'dos', data: 'd', mode: 0, system: 0 }, { name: 'é/ü.txt', data: '' },
  ])
  assert.deepEqual(await unpacked(t, 'zip', archive), {
    'a/': 'directory', 'a/b/': 'directory', 'empty/': 'directory', 'é/': 'directory',
    'a/b/c.txt': file('c'), 'run.sh': file('#!', 0o755), 'odd.txt': file('o', 0o755), stored: file('plain'), dos: file('d'), 'é/ü.txt': file(''),
  })
})

test('a single folder around everything goes when it holds the index file, and stays when it does not', async t => {
  assert.deepEqual(Object.keys(await unpacked(t, 'zip', zip([{ name: 'site/' }, { name: 'site/index.html' }, { name: 'site/css/a.css' }]))), ['css/', 'index.html', 'css/a.css'])
  assert.deepEqual(Object.keys(await unpacked(t, 'zip', zip([{ name: 'site/page.html' }]))), ['site/', 'site/page.html'])
  assert.deepEqual(Object.keys(await unpacked(t, 'zip', zip([{ name: 'site/index.html' }, { name: 'other' }]))), ['site/', 'site/index.html', 'other'])
  assert.deepEqual(Object.keys(await unpacked(t, 'zip', zip([{ name: '__MACOSX/site/._index.html' }, { name: 'site/.DS_Store' }, { name: 'site/index.html' }]))), ['index.html'])
})

const REFUSED: [what: string, entry: ZipEntry, code?: string][] = [
  ['a path that leads out', { name: '../evil.php' }],
  ['a path that leads out in the middle', { name: 'a/../../evil.php' }],
  ['an absolute path', { name: '/etc/passwd' }],
  ['a drive letter', { name: 'C:/evil.php' }],
  ['a backslash', { name: '..\\evil.php' }],
  ['a NUL', { name: 'a\0.php' }],
  ['a newline', { name: 'a\n.php' }],
  ['an escape sequence', { name: 'a\u001b[2J' }],
  ['a name that is not UTF-8', { name: Buffer.from([0x61, 0xff, 0xfe]) }],
  ['a symbolic link', { name: 'link', data: '/etc/passwd', mode: 0o120777 }],
  ['a symbolic link by another system', { name: 'link', data: '/etc/passwd', mode: 0o120777, system: 0 }],
  ['a device', { name: 'device', mode: 0o020666 }],
  ['a FIFO', { name: 'fifo', mode: 0o010666 }],
  ['a socket', { name: 'socket', mode: 0o140666 }],
  ['a directory that is called like a file', { name: 'dir', mode: 0o040755 }],
  ['a directory with contents', { name: 'dir/', data: 'x' }],
  ['an encrypted file', { name: 'secret', flags: 0x801 }],
  ['a strongly encrypted file', { name: 'secret', flags: 0x841 }],
  ['an unknown compression', { name: 'lzma', method: 14 }],
  ['a long name', { name: 'n'.repeat(256) }],
  ['a long path', { name: `${'d/'.repeat(600)}x` }],
  ['an empty name', { name: '' }],
  ['a name of dots', { name: '.' }],
  ['a wrong checksum', { name: 'a', data: 'aaaa', crc: 1 }],
  ['a file longer than declared', { name: 'a', data: 'a'.repeat(5000), size: 10 }],
  ['a file shorter than declared', { name: 'a', data: 'aaaa', size: 4000 }],
  ['a stored file of another size than declared', { name: 'a', data: 'aaaa', size: 3, method: 0 }],
  ['a file beyond the end', { name: 'a', data: 'aaaa', compressedSize: 100_000, size: 100_000, method: 0 }],
  ['a header that is elsewhere', { name: 'a', data: 'aaaa', offset: 3 }],
  ['a file twice', { name: 'index.php' }],
  ['a directory that is a file', { name: 'index.php/x' }],
  ['a directory that is a file but for its case', { name: 'INDEX.php/x' }],
]

for (const [what, entry, code = 'bad_archive'] of REFUSED) {
  test(`a zip with ${what} is refused`, async t => {
    await assert.rejects(unpacked(t, 'zip', zip([index, entry])), { code })
  })
}

test('the entry that is refused is named, printable', async t => {
  await assert.rejects(unpacked(t, 'zip', zip([index, { name: '../ev\u202eil.php' }])), { message: /"\.\.\/ev\?il\.php".*leads out/ })
})

test('names that differ in their case alone are two files', async t => {
  assert.deepEqual(Object.keys(await unpacked(t, 'zip', zip([index, { name: 'Index.php' }]))), ['index.php', 'Index.php'])
})

test('what a local header calls a file does not matter', async t => {
  assert.deepEqual(await unpacked(t, 'zip', zip([{ name: 'good.txt', localName: '../../evil', data: 'x' }])), { 'good.txt': file('x') })
})

test('a zip whose entries share their bytes is refused', async t => {
  const bomb = zip([{ name: 'kernel', data: Buffer.alloc(100_000) }])
  const shared = zip([{ name: 'kernel', data: Buffer.alloc(100_000) }, { name: 'second', data: Buffer.alloc(100_000), offset: 0 }])
  assert.equal(Object.keys(await unpacked(t, 'zip', bomb)).length, 1)
  await assert.rejects(unpacked(t, 'zip', shared), { code: 'bad_archive', message: /shares its bytes/ })
})

test('a zip bomb is refused by what it declares, or stopped where it lies', async t => {
  const limits = { ...LIMITS, unpacked: 10 ** 6 }
  const data = Buffer.alloc(2 * 10 ** 6)
  await assert.rejects(unpacked(t, 'zip', zip([index, { name: 'a', data }]), limits), { code: 'too_large' })
  await assert.rejects(unpacked(t, 'zip', zip([index, { name: 'a', data, size: 100 }]), limits), { code: 'bad_archive' })
  const many = Array.from({ length: 12 }, (_, i) => ({ name: `f${i}`, data: Buffer.alloc(100_000) }))
  await assert.rejects(unpacked(t, 'zip', zip(many), limits), { code: 'too_large' })
})

test('too many entries and too large an upload are too_large', async t => {
  const many = Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` }))
  await assert.rejects(unpacked(t, 'zip', zip(many), { ...LIMITS, entries: 10 }), { code: 'too_large' })
  await assert.rejects(unpacked(t, 'zip', zip([index]), { ...LIMITS, upload: 100 }), { code: 'too_large' })
})

test('what is no zip, or not all of one, is refused', async t => {
  const whole = zip([index, { name: 'b', data: 'b'.repeat(1000) }])
  const bad = [Buffer.alloc(0), Buffer.from('<html>no zip</html>'), whole.subarray(0, whole.length - 30), whole.subarray(20), zip([]), zip([{ name: 'only/' }]), zip([{ name: '.DS_Store' }])]
  for (const bytes of bad) await assert.rejects(unpacked(t, 'zip', bytes), { code: 'bad_archive' })
})

test('every zip cut off or with a byte turned is refused or gives what was meant', async t => {
  const whole = zip([index, { name: 'a/b.txt', data: 'b'.repeat(300) }])
  const meant = JSON.stringify(await unpacked(t, 'zip', whole))
  for (let at = 0; at < whole.length; at += 3) {
    await assert.rejects(unpacked(t, 'zip', whole.subarray(0, at)), { code: 'bad_archive' })
    const turned = Buffer.from(whole)
    turned[at]! ^= 0x40
    const told = await unpacked(t, 'zip', turned).then(JSON.stringify, (error: { code?: string }) => { assert.ok(['bad_archive', 'too_large'].includes(error.code ?? ''), String(error)); return meant })
    // Names, modes and times may change; what is in a file may not.
    for (const text of Object.values(JSON.parse(told) as Record<string, { text?: string }>)) assert.ok(text.text === undefined || ['hello', 'b'.repeat(300)].includes(text.text))
  }
})

test('a zip written as a stream, with sizes after the data, arrives whole', async t => {
  assert.deepEqual(await unpacked(t, 'zip', zip([{ name: 'index.php', data: 'hello', flags: 0x808 }])), { 'index.php': file('hello') })
})
