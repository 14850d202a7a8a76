import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Host } from '../../../provisioner/host.ts'
import { backup, backupTo, restore } from '../../../provisioner/workshop/backup.ts'
import { deploy } from '../../../provisioner/workshop/deploy.ts'
import { bytes, house, listing, owner, rawTar, site, tarOf, volume } from './house.ts'

/** All of /var/www as its owner sees it: types, modes, owners, sizes, link targets and contents. */
const everything = (host: Host, name: string) => owner(host, name, 'cd /var/www; find . -printf "%p %y %m %U:%G %s %l\\n" | grep -v "^./lost+found\\|^. d\\| d " | sort; find . -type f -size -100k -exec sha256sum {} + | sort')

test('a backup restored into another site makes it the same, links, owners and sparse files included', async t => {
  const host = await house(t)
  await site(host, 'bob')
  await deploy(host, 'alice', tarOf({ 'index.php': 'one' }))
  await owner(host, 'alice', `cd /var/www; ln -s /etc/passwd link; mkfifo fifo; ln html/index.php hard; truncate -s 200M sparse; echo é > "odd
name"; echo s > secret; chmod 0600 secret; chown 33:33 secret; chmod 4755 hard; mkdir -m 0700 private`)
  const archive = await bytes(await backup(host, 'alice'))
  assert.ok(archive.length < 10 ** 6)
  const { release } = await restore(host, 'bob', Readable.from([gunzipSync(archive)], { objectMode: false }))
  assert.match(release ?? '', /^20/)
  assert.equal(await everything(host, 'bob'), await everything(host, 'alice'))
})

test('a backup holds links as links and nothing of the host', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; ln -s /etc etc; ln -s /proc/1/root root; mkdir -p d/e; ln -s / d/e/up')
  const names = await listing(await bytes(await backup(host, 'alice')))
  assert.match(names, /\.\/etc -> \/etc\n/)
  assert.doesNotMatch(names, /passwd|proc\/1\/root\//)
})

test('a backup to a file is for root alone and never overwrites one', async t => {
  const host = await house(t)
  const directory = mkdtempSync(`${tmpdir()}/auberge-backup-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  await backupTo(host, 'alice', `${directory}/a.tar.gz`)
  assert.equal(statSync(`${directory}/a.tar.gz`).mode & 0o777, 0o600)
  assert.match(await listing(readFileSync(`${directory}/a.tar.gz`)), /releases\/initial\/index.php/)
  await assert.rejects(backupTo(host, 'alice', `${directory}/a.tar.gz`))
})

test('a reader that leaves half way leaves no container', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'head -c 20000000 /dev/urandom > /var/www/big')
  const stream = await backup(host, 'alice')
  await once(stream, 'readable')
  stream.destroy()
  const deadline = Date.now() + 10_000
  while ((await host.runtime.list()).length > 0) assert.ok(Date.now() < deadline)
})

test('a restore replaces everything', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; echo old > old; mkdir -p .hidden/deep')
  await restore(host, 'alice', rawTar([[{ name: './new', uid: 33, gid: 33 }, 'new'], [{ name: 'html', type: 'symlink', linkname: 'releases/x' }, '']]))
  assert.deepEqual(readdirSync(volume(host)).sort(), ['html', 'new'])
})

for (const [what, tar, error] of [
  ['is no tar', () => Readable.from([Buffer.from('nothing like it'.repeat(1000))]), { code: 'bad_archive' }],
  ['is cut off', () => rawTarCut(), { code: 'bad_archive' }],
  ['breaks off', () => Readable.from((async function* () { yield Buffer.alloc(10); throw new Error('gone') })()), { code: 'bad_request' }],
  ['does not fit', () => rawTar([[{ name: 'big' }, '0'.repeat(80 * 2 ** 20)]]), { code: 'too_large' }],
  ['holds a device', () => rawTar([[{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }, '']]), { code: 'bad_archive' }],
] as [string, () => Readable, object][]) {
  test(`a restore from what ${what} changes nothing`, async t => {
    const host = await house(t)
    await owner(host, 'alice', 'cd /var/www; echo kept > file; ln -s /etc link')
    const before = await everything(host, 'alice')
    await assert.rejects(restore(host, 'alice', tar()), error)
    assert.equal(await everything(host, 'alice'), before)
    assert.deepEqual(await host.runtime.list(), [])
  })
}

function rawTarCut(): Readable {
  return Readable.from((async function* () {
    const whole = await bytes(rawTar([[{ name: 'a' }, 'a'.repeat(5000)]]))
    yield whole.subarray(0, 3000)
  })(), { objectMode: false })
}

test('what a hostile owner plants where a restore works is not followed', async t => {
  const host = await house(t)
  const outside = mkdtempSync(`${tmpdir()}/auberge-precious-`)
  t.after(() => rmSync(outside, { recursive: true, force: true }))
  await owner(host, 'alice', `cd /var/www; ln -s ${outside} .restored; rm html; ln -s ${outside} html`)
  await restore(host, 'alice', rawTar([[{ name: 'html', type: 'symlink', linkname: outside }, ''], [{ name: 'html/evil' }, 'x'], [{ name: 'ok' }, 'x']])).catch(() => {})
  assert.deepEqual(readdirSync(outside), [])
})
