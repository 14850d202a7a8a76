import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough, Readable } from 'node:stream'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Host } from '../../../provisioner/host.ts'
import { podPlaces, snapshotsPlace } from '../../../provisioner/places.ts'
import { adopt } from '../../../provisioner/recipes/adopt.ts'
import { run } from '../../../provisioner/run.ts'
import { backup, backupTo } from '../../../provisioner/workshop/backup.ts'
import { deploy } from '../../../provisioner/workshop/deploy.ts'
import { stage } from '../../../provisioner/workshop/restore.ts'
import { inWorkshop } from '../../../provisioner/workshop/workshop.ts'
import { bytes, house, listing, owner, rawTar, site, tarOf, volume } from './house.ts'

const DISK = 64 * 2 ** 20

/** Perl for the attributes of the file $_, and the access lists that the kernel keeps in two of them: listxattr(2), getxattr(2). */
const ATTRIBUTES = `my $path = $_; my $names = "\\0" x 4096; my $n = syscall(194, $path, $names, 4096); for my $name (sort split /\\0/, substr($names, 0, $n)) { my $v = "\\0" x 4096; my $l = syscall(191, $path, $name, $v, 4096); print "$path $name ", unpack("H*", substr($v, 0, $l)), "\\n" }`

const attribute = (path: string, name: string, hex: string) => `perl -e 'my ($p, $k, $v) = @ARGV; $v = pack "H*", $v; syscall(188, $p, $k, $v, length $v, 0) and die "$k: $!"' ${path} ${name} ${hex};`
/** An access list as the kernel has it: the user www-data may read and run, the mask is rwx. */
const ACL = ['02000000', '01000600ffffffff', '0200050021000000', '04000400ffffffff', '10000700ffffffff', '20000000ffffffff'].join('')

/** All of /var/www as its owner sees it: types, modes, owners, times to the nanosecond, numbers of links, sizes, link targets, attributes and contents. */
const everything = (host: Host, name: string) => owner(host, name, `cd /var/www
find . ! -name lost+found -printf "%p %y %m %U:%G %T@ %l " \\( -type d -printf "\\n" -o -printf "%n %s\\n" \\) | sort
find . -type f -size -100k -exec sha256sum {} + | sort; find . ! -name lost+found \\( -type f -o -type d \\) -print0 | sort -z | perl -0ne 'chomp; ${ATTRIBUTES}'; php -r '$s = stat("/var/www/sparse"); if ($s) echo $s["blocks"] < 1000 ? "sparse" : "full";'`)

/** A whole restore. */
async function restore(host: Host, name: string, tar: Readable, disk = DISK): Promise<string | null> {
  const { id } = await stage(host, name, tar, disk)
  const { spec } = host.states.site(name)
  return (await adopt(host, name, id, { ...spec, limits: { ...spec.limits, disk } })).release
}

const untarred = (archive: Buffer) => Readable.from([gunzipSync(archive)], { objectMode: false })

/** Nothing on the host of a backup or a restore that has ended. */
async function nothingLeft(host: Host, name = 'alice'): Promise<void> {
  assert.deepEqual(await host.runtime.list(), [])
  assert.deepEqual(readdirSync(snapshotsPlace(host.data)), [])
  assert.deepEqual(readdirSync(podPlaces(host.data, name).dir).filter(file => file.startsWith('staged')), [])
  assert.doesNotMatch(await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE']), new RegExp(`${host.data}.*(snapshots|staged)`))
}

test('a backup restored into another site makes it the same: links, owners, times, attributes, access lists and sparse files', async t => {
  const host = await house(t, { disk: 256 * 2 ** 20 })
  await site(host, 'bob')
  await deploy(host, 'alice', tarOf({ 'index.php': 'one' }))
  await owner(host, 'alice', `cd /var/www; ln -s /etc/passwd link; mkfifo fifo; ln html/index.php hard; truncate -s 200M sparse; echo é > "odd
name"; echo s > secret; chmod 0600 secret; chown 33:33 secret; chmod 4755 hard; mkdir -m 0700 private; ln -s files/x .files; echo x > auberge.json; mkdir files
touch -d "2001-02-03 04:05:06.123456789" secret private; ln -s "$(printf 'x%.0s' $(seq 200))" long; echo deep > "private/$(printf 'n%.0s' $(seq 120))"; chmod 0751 .
${attribute('secret', 'user.note', '00ff0a')} ${attribute('private', 'user.éà', '0'.repeat(3000))} ${attribute('secret', 'system.posix_acl_access', ACL)} ${attribute('private', 'system.posix_acl_default', ACL)}`)
  const archive = await bytes(await backup(host, 'alice', '{"about":"alice"}'))
  assert.ok(archive.length < 10 ** 6)
  assert.match(await listing(archive), /^-rw------- 0\/0 +17 .* auberge\.json\n/)
  assert.match(await restore(host, 'bob', untarred(archive), 256 * 2 ** 20) ?? '', /^20/)
  const alice = await everything(host, 'alice')
  assert.equal(await everything(host, 'bob'), alice)
  for (const attribute of [/^\.\/secret user\.note 00ff0a$/m, /^\.\/private user\.éà 0{3000}$/m, /^\.\/secret system\.posix_acl_access 02/m, /^\.\/private system\.posix_acl_default 02/m]) assert.match(alice, attribute)
  await nothingLeft(host, 'bob')
})

test('a backup is of one moment, however long it is read, and what writes goes on', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; mkdir count; cd count; head -c 8000000 /dev/urandom > big; echo 0 | tee first last')
  const archive = await inWorkshop(host, 'alice', 60_000, async shop => {
    const child = shop.start(['sh', '-c', 'cd count; i=0; while [ -e going ] || [ $i = 0 ]; do : > going; i=$((i+1)); for f in first last; do echo $i > .f; mv .f $f; done; [ $i = 1 ] && echo on; done'])
    await once(child.stdout, 'data')
    const stream = await backup(host, 'alice', '{}')
    const then = readFileSync(`${volume(host)}/count/last`, 'utf8')
    const all = await bytes(stream)
    for (const end = Date.now() + 10_000; readFileSync(`${volume(host)}/count/last`, 'utf8') === then;) assert.ok(Date.now() < end, 'the writer goes on')
    const closed = once(child, 'close')
    await shop.run(['rm', 'count/going'])
    await closed
    return all
  })
  await restore(host, 'alice', untarred(archive))
  const [first, last] = (await owner(host, 'alice', 'cat /var/www/count/first /var/www/count/last')).trim().split('\n').map(Number)
  assert.ok(first! >= 1 && first! - last! <= 1 && first! >= last!, `${first} ${last}`)
})

test('a backup holds links as links and nothing of the host', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; ln -s /etc etc; ln -s /proc/1/root root; mkdir -p d/e; ln -s / d/e/up')
  const names = await listing(await bytes(await backup(host, 'alice', '{}')))
  assert.match(names, /files\/etc -> \/etc\n/)
  assert.doesNotMatch(names, /passwd|proc\/1\/root\//)
})

test('a backup to a file is for root alone and never overwrites one', async t => {
  const host = await house(t)
  const directory = mkdtempSync(`${tmpdir()}/auberge-backup-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  await backupTo(host, 'alice', '{}', `${directory}/a.tar.gz`)
  assert.equal(statSync(`${directory}/a.tar.gz`).mode & 0o777, 0o600)
  assert.match(await listing(readFileSync(`${directory}/a.tar.gz`)), /files\/releases\/initial\/index.php/)
  await assert.rejects(backupTo(host, 'alice', '{}', `${directory}/a.tar.gz`))
})

test('a reader that leaves half way leaves neither a container nor a copy', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'head -c 20000000 /dev/urandom > /var/www/big')
  const stream = await backup(host, 'alice', '{}')
  await once(stream, 'readable')
  stream.destroy()
  for (const deadline = Date.now() + 10_000; ;) {
    const left = await nothingLeft(host).catch((error: unknown) => error)
    if (left === undefined) break
    if (Date.now() > deadline) throw left
  }
})

test('a site that is more than half full is restored, and its disk may be smaller than it was', async t => {
  const host = await house(t, { disk: 48 * 2 ** 20 })
  await owner(host, 'alice', 'head -c 17000000 /dev/urandom > /var/www/big')
  const archive = await bytes(await backup(host, 'alice', '{}'))
  await owner(host, 'alice', 'head -c 20000000 /dev/urandom > /var/www/other')
  await restore(host, 'alice', untarred(archive), 32 * 2 ** 20)
  assert.equal(statSync(podPlaces(host.data, 'alice').volumeImage).size, 32 * 2 ** 20)
  assert.equal((await owner(host, 'alice', 'cd /var/www; ls; wc -c < big')).replaceAll('\n', ' '), 'big html releases sessions tmp 17000000 ')
})

test('a restore replaces everything, and ends the commands that run in the site', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; echo old > old; mkdir -p .hidden/deep')
  const shell = inWorkshop(host, 'alice', 60_000, shop => shop.run(['sh', '-c', 'cat old > /dev/null; sleep 600']))
  await restore(host, 'alice', rawTar([[{ name: 'files/new', uid: 33, gid: 33 }, 'new'], [{ name: 'files/html', type: 'symlink', linkname: 'releases/x' }, ''], [{ name: 'beside' }, 'x']]))
  assert.notEqual((await shell).status, 0)
  assert.equal(await owner(host, 'alice', 'ls -A /var/www'), 'html\nnew\n')
})

const hostile: [string, () => Readable, object][] = [
  ['is no tar', () => Readable.from([Buffer.from('nothing like it'.repeat(1000))]), { code: 'bad_archive' }],
  ['has no files', () => rawTar([[{ name: 'other/a' }, 'a']]), { code: 'bad_archive' }],
  ['is cut off', () => rawTarCut(), { code: 'bad_archive' }],
  ['breaks off', () => Readable.from((async function* () { yield Buffer.alloc(10); throw new Error('gone') })()), { code: 'bad_request' }],
  ['does not fit', () => rawTar([[{ name: 'files/big' }, '0'.repeat(80 * 2 ** 20)]]), { code: 'too_large' }],
  ['holds a device', () => rawTar([[{ name: 'files/sda', type: 'block-device', devmajor: 8, devminor: 0 }, '']]), { code: 'bad_archive' }],
]
for (const [what, tar, error] of hostile) {
  test(`a restore from what ${what} changes nothing`, async t => {
    const host = await house(t)
    await owner(host, 'alice', 'cd /var/www; echo kept > file; ln -s /etc link')
    const before = await everything(host, 'alice')
    await assert.rejects(restore(host, 'alice', tar()), error)
    assert.equal(await everything(host, 'alice'), before)
    await run(['mkdir', '-p', snapshotsPlace(host.data)])
    await nothingLeft(host)
  })
}

function rawTarCut(): Readable {
  return Readable.from((async function* () {
    const whole = await bytes(rawTar([[{ name: 'files/a' }, 'a'.repeat(5000)]]))
    yield whole.subarray(0, 3000)
  })(), { objectMode: false })
}

test('what is staged is adopted once, by its own id, and not before it is whole', async t => {
  const host = await house(t)
  const { spec } = host.states.site('alice')
  await assert.rejects(adopt(host, 'alice', 'none', spec), { code: 'not_found' })
  const slow = new PassThrough()
  const first = stage(host, 'alice', slow, DISK)
  await assert.rejects(stage(host, 'alice', rawTar([[{ name: 'files/b' }, 'b']]), DISK), { code: 'conflict' })
  await assert.rejects(adopt(host, 'alice', 'none', spec), { code: 'not_found' })
  rawTar([[{ name: 'files/a' }, 'a']]).pipe(slow)
  const { id } = await first
  await assert.rejects(adopt(host, 'alice', `${id}x`, spec), { code: 'not_found' })
  await adopt(host, 'alice', id, spec)
  assert.deepEqual((await adopt(host, 'alice', id, spec)).name, 'alice', 'asked again')
  assert.equal(await owner(host, 'alice', 'ls -A /var/www'), 'a\n')
})

test('what a hostile backup plants on its way is not followed', async t => {
  const host = await house(t)
  const outside = mkdtempSync(`${tmpdir()}/auberge-precious-`)
  t.after(() => rmSync(outside, { recursive: true, force: true }))
  await owner(host, 'alice', `cd /var/www; rm html; ln -s ${outside} html`)
  const links: Parameters<typeof rawTar>[0] = [[{ name: 'files', type: 'symlink', linkname: outside }, ''], [{ name: 'files/html', type: 'symlink', linkname: outside }, ''], [{ name: 'files/html/evil' }, 'x'], [{ name: 'files/../../evil' }, 'x'], [{ name: 'files/ok' }, 'x']]
  await restore(host, 'alice', rawTar(links)).catch(() => {})
  await restore(host, 'alice', rawTar(links.slice(1))).catch(() => {})
  assert.deepEqual(readdirSync(outside), [])
})
