import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough, Readable } from 'node:stream'
import test, { type TestContext } from 'node:test'
import { firstId, siteCgroup } from '../../../provisioner/instance.ts'
import { deploy, rollback } from '../../../provisioner/workshop/deploy.ts'
import { releaseName, surplus } from '../../../provisioner/workshop/releases.ts'
import { house, owner, rawTar, startPod, tarOf, volume } from './house.ts'
import type { Host } from '../../../provisioner/host.ts'

const page = (host: Host, file = 'index.php') => readFileSync(`${volume(host)}/html/${file}`, 'utf8')
const releases = (host: Host) => readdirSync(`${volume(host)}/releases`).sort()

async function nothingLeft(host: Host): Promise<void> {
  assert.deepEqual(await host.runtime.list(), [])
  assert.deepEqual(await host.cgroups.children(siteCgroup(host.instance, 'alice')), [])
  assert.deepEqual(releases(host).filter(name => name.endsWith('.partial') || name.startsWith('.')), [])
}

test('a deploy of a sleeping site becomes its document root, owned by the web server', async t => {
  const host = await house(t)
  const { release, releases: all } = await deploy(host, 'alice', tarOf({ 'index.php': 'one', 'css/': null, 'css/é.css': 'x' }))
  assert.deepEqual(all, ['initial', release])
  assert.equal(page(host), 'one')
  assert.equal(readlinkSync(`${volume(host)}/html`), `releases/${release}`)
  const { uid, gid, mode } = statSync(`${volume(host)}/releases/${release}/css/é.css`)
  const www = firstId(host.instance, host.states.site('alice').slot) + 33
  assert.deepEqual([uid, gid, mode & 0o7777], [www, www, 0o644])
  await nothingLeft(host)
})

test('a rollback goes to an earlier release and back; one that is not there is not_found', async t => {
  const host = await house(t)
  const { release: first } = await deploy(host, 'alice', tarOf({ 'index.php': 'one' }))
  const { release: second } = await deploy(host, 'alice', tarOf({ 'index.php': 'two' }))
  assert.equal((await rollback(host, 'alice', first)).release, first)
  assert.equal(page(host), 'one')
  await rollback(host, 'alice', second)
  assert.equal(page(host), 'two')
  for (const missing of ['20200101-000000-000-aaaa', 'INITIAL']) await assert.rejects(rollback(host, 'alice', missing), { code: 'not_found' })
  for (const bad of ['..', '../sessions', '', '-rf', 'a b', 'x'.repeat(65), `${second}.partial`]) await assert.rejects(rollback(host, 'alice', bad), { code: 'invalid' })
  assert.equal(page(host), 'two')
  await nothingLeft(host)
})

test('five releases are kept, the current one always among them', async t => {
  const host = await house(t)
  const made: string[] = []
  for (let i = 0; i < 6; i++) made.push((await deploy(host, 'alice', tarOf({ 'index.php': String(i) }))).release)
  assert.deepEqual(releases(host), made.slice(1))
  assert.equal(page(host), '5')
})

test('what a site keeps outside its document root is untouched by deploys, rollbacks and deploys that fail', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; mkdir -p var/cache; echo precious > var/data; chmod 0600 var/data; chown -R 33:33 var; echo root > note; ln -s html/index.php link; touch -d 2001-02-03 note var/data')
  const outside = () => owner(host, 'alice', 'cd /var/www; find . ! -path "./releases*" ! -path ./html ! -path . -printf "%p %y %m %U:%G %T@ %s %l\\n" | sort; cat var/data note')
  const before = await outside()
  const { release } = await deploy(host, 'alice', tarOf({ 'index.php': 'one', 'var/data': 'of the release' }))
  await deploy(host, 'alice', tarOf({ 'index.php': 'two' }))
  await rollback(host, 'alice', release)
  await assert.rejects(deploy(host, 'alice', Readable.from([Buffer.from('no tar'.repeat(200))])))
  await assert.rejects(deploy(host, 'alice', rawTar([[{ name: '../var/data' }, 'evil']])))
  assert.equal(await outside(), before)
})

test('which releases go', () => {
  assert.deepEqual(surplus({ release: 'g', releases: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }), ['a', 'b'])
  assert.deepEqual(surplus({ release: 'a', releases: ['a', 'b', 'c', 'd', 'e', 'f'] }), ['b'])
  assert.deepEqual(surplus({ release: null, releases: ['a', 'b', 'c', 'd', 'e', 'f'] }), ['a'])
  assert.ok(releaseName(new Date(1)) < releaseName(new Date(2)))
  assert.match(releaseName(), /^\d{8}-\d{6}-\d{3}-[0-9a-z]{4}$/)
})

async function unchangedAfter(t: TestContext, tar: (host: Host) => Readable, error: object, limits = {}): Promise<void> {
  const host = await house(t, limits)
  await deploy(host, 'alice', tarOf({ 'index.php': 'before' }))
  const before = releases(host)
  await assert.rejects(deploy(host, 'alice', tar(host)), error)
  assert.equal(page(host), 'before')
  assert.deepEqual(releases(host), before)
  await nothingLeft(host)
  await deploy(host, 'alice', tarOf({ 'index.php': 'after' }))
  assert.equal(page(host), 'after')
}

test('a full disk is too_large, and all is as before', t =>
  unchangedAfter(t, () => rawTar([[{ name: 'a' }, 'first'], [{ name: 'big', size: 20 * 2 ** 20 }, '0'.repeat(20 * 2 ** 20)]]), { code: 'too_large', message: /full/ }, { disk: 16 * 2 ** 20 }))

test('an upload that breaks off changes nothing, even between two entries', t =>
  unchangedAfter(t, () => {
    const tar = new PassThrough()
    void (async () => {
      for await (const chunk of tarOf({ 'index.php': 'half' })) { tar.write((chunk as Buffer).subarray(0, 1024)); break }
      tar.destroy(new Error('client went away'))
    })()
    return tar
  }, { code: 'bad_request' }))

test('a tar that ends too early, or is none, changes nothing', async t => {
  await unchangedAfter(t, () => Readable.from([Buffer.from('no tar'.repeat(1000))]), { code: 'bad_archive' })
})

test('links and FIFOs in a tar change nothing', t =>
  unchangedAfter(t, () => rawTar([[{ name: 'index.php' }, 'x'], [{ name: 'link', type: 'symlink', linkname: '/etc/passwd' }, '']]), { code: 'bad_archive' }))

test('a path that leads out of a tar changes nothing outside', t =>
  unchangedAfter(t, () => rawTar([[{ name: 'index.php' }, 'x'], [{ name: '../../sessions/evil' }, 'x']]), { code: 'bad_archive' }))

test('a document root that the owner made a directory is kept as a release', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; rm html; mkdir html; echo mine > html/index.php')
  const { release, releases: all } = await deploy(host, 'alice', tarOf({ 'index.php': 'new' }))
  assert.equal(page(host), 'new')
  assert.equal(all.length, 3)
  assert.equal(all.at(-1), release)
  await rollback(host, 'alice', all[1]!)
  assert.equal(page(host), 'mine\n')
})

test('a document root that the owner pointed elsewhere is only pointed back', async t => {
  const host = await house(t)
  await owner(host, 'alice', 'cd /var/www; mkdir -p app/public; echo app > app/public/index.php; rm html; ln -s app/public html')
  await deploy(host, 'alice', tarOf({ 'index.php': 'new' }))
  assert.equal(page(host), 'new')
  assert.equal(readFileSync(`${volume(host)}/app/public/index.php`, 'utf8'), 'app\n')
})

for (const runtime of ['crun', 'runc'] as const) test(`a deploy while the site runs on ${runtime} wakes and stops nothing`, async t => {
  const host = await house(t, {}, runtime)
  await startPod(host, 'alice')
  const before = await host.runtime.list()
  await deploy(host, 'alice', tarOf({ 'index.php': 'new' }))
  assert.deepEqual(await host.runtime.list(), before)
})

test('two deploys at once: one is a conflict', async t => {
  const host = await house(t)
  const slow = new PassThrough()
  const first = deploy(host, 'alice', slow)
  await assert.rejects(deploy(host, 'alice', tarOf({ 'index.php': 'second' })), { code: 'conflict' })
  tarOf({ 'index.php': 'first' }).pipe(slow)
  await first
  assert.equal(page(host), 'first')
})

/** A directory on the host that nothing of a site may reach. */
function precious(t: TestContext): string {
  const directory = mkdtempSync(`${tmpdir()}/auberge-precious-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(`${directory}/keep`)
  writeFileSync(`${directory}/keep/file`, 'precious')
  return directory
}

const HOSTILE: [what: string, script: (host: string) => string, code: string | null][] = [
  ['releases is a link to the host', host => `rm -rf releases; ln -s ${host} releases`, 'conflict'],
  ['releases is a file', () => 'rm -rf releases; echo x > releases', 'conflict'],
  ['releases is a FIFO', () => 'rm -rf releases; mkfifo releases', 'conflict'],
  ['html is a link to the host', host => `rm html; ln -s ${host} html`, null],
  ['html is a FIFO', () => 'rm html; mkfifo html', null],
  ['html is a file', () => 'rm html; echo x > html', null],
  ['releases holds links to the host', host => `for i in 1 2 3 4 5 6 7; do ln -s ${host} releases/2020010$i-000000-000-aaaa; done; ln -s ${host} releases/x.partial; ln -s ${host} releases/.next`, null],
  ['releases holds odd names', () => "cd releases; mkdir -- '-rf' ' ' 'a\nb' '$(touch pwned)' '*'; mkdir old.partial; touch .next", null],
  ['the volume holds a huge sparse file', () => 'truncate -s 500G huge', null],
]

for (const [what, script, code] of HOSTILE) {
  test(`a deploy where ${what} follows nothing on the host`, async t => {
    const host = await house(t)
    const outside = precious(t)
    await owner(host, 'alice', `cd /var/www; ${script(outside)}`)
    const done = deploy(host, 'alice', tarOf({ 'index.php': 'new' }))
    if (code) await assert.rejects(done, { code })
    else {
      const { release } = await done
      assert.equal(page(host), 'new')
      assert.ok(!lstatSync(`${volume(host)}/releases/${release}`).isSymbolicLink())
    }
    assert.deepEqual(readdirSync(outside, { recursive: true }).sort(), ['keep', 'keep/file'])
    assert.equal(readFileSync(`${outside}/keep/file`, 'utf8'), 'precious')
  })
}
