import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test, { type TestContext } from 'node:test'
import { bootstrapCommand, ensureImage } from '../../../provisioner/images/build.ts'
import { Progress } from '../../../provisioner/images/progress.ts'
import { fingerprint, recipeOf } from '../../../provisioner/images/recipe.ts'
import { sourcesFor } from '../../../provisioner/images/sources.ts'
import { find, list, newest, parseReference, portOf, takesOf } from '../../../provisioner/images/store.ts'

function scratch(t: TestContext): string {
  const directory = mkdtempSync(`${tmpdir()}/auberge-images-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function place(store: string, name: string, version: number, recipe = 'r'): void {
  const directory = `${store}/${name}@${version}`
  mkdirSync(`${directory}/rootfs`, { recursive: true })
  writeFileSync(`${directory}/image.json`, JSON.stringify({ name, version, bytes: 1, builtAt: 1, recipe, packages: {} }))
  writeFileSync(`${directory}/config.json`, '{}')
}

test('the store lists versions by number, and only whole ones', t => {
  const store = scratch(t)
  for (const version of [1, 10, 9]) place(store, 'php', version)
  mkdirSync(`${store}/.building-php@11-1`)
  assert.deepEqual(list(store).map(image => image.version), [1, 9, 10])
  assert.equal(newest('php', store)?.version, 10)
  assert.equal(newest('other', store), null)
  assert.throws(() => find('php', 2, store), { code: 'not_found' })
})

test('an image is read anew where another has taken its place', t => {
  const store = scratch(t)
  place(store, 'php', 1, 'before')
  assert.equal(find('php', 1, store).recipe, 'before')
  rmSync(`${store}/php@1`, { recursive: true })
  assert.throws(() => find('php', 1, store), { code: 'not_found' })
  place(store, 'php', 1, 'after')
  assert.equal(find('php', 1, store).recipe, 'after')
})

test('where an image listens and what a site can set for it is in its configuration', t => {
  const store = scratch(t)
  const configured = (version: number, config: object) => {
    place(store, 'x', version)
    writeFileSync(`${store}/x@${version}/config.json`, JSON.stringify({ config }))
    return find('x', version, store)
  }
  const app = configured(1, { ExposedPorts: { '53/udp': {}, '8080/tcp': {} }, Labels: { 'auberge.takes': 'start' } })
  assert.deepEqual([portOf(app), takesOf(app)], [8080, 'start'])
  const plain = configured(2, {})
  assert.deepEqual([portOf(plain), takesOf(plain)], [80, null])
})

test('a reference that is none is not parsed', () => {
  assert.deepEqual(parseReference('php@3'), { name: 'php', version: 3 })
  for (const bad of ['php', 'php@0', 'php@01', '../php@1', 'php@1/..', '-@1', 'PHP@1', 'php@1e3', '']) assert.equal(parseReference(bad), null)
})

test('an image made from the present recipe is not built again, and leftovers of other builds stay until there is one', async t => {
  const store = scratch(t)
  place(store, 'php', 4, fingerprint(recipeOf('php')))
  assert.equal((await ensureImage('php', () => assert.fail('built'), { store })).version, 4)
  await assert.rejects(ensureImage('nothing', () => {}, { store }), { code: 'not_found' })
})

test('a build that fails or is stopped leaves nothing, removes what an earlier one left, and says why', async t => {
  const store = scratch(t)
  place(store, 'php', 1, 'older')
  mkdirSync(`${store}/.building-php@2-1/rootfs`, { recursive: true })
  const stopped = new AbortController()
  await assert.rejects(ensureImage('php', () => stopped.abort(), { store, signal: stopped.signal }), { code: 'failed' })
  assert.deepEqual(readdirSync(store).sort(), ['.lock', 'php@1'])
})

test('the command of a build is as it was written down', () => {
  const argv = bootstrapCommand(recipeOf('php'), '/target', '/conf', ['/etc/apt/sources.list'])
  assert.deepEqual(argv.slice(0, 5), ['setpriv', '--pdeathsig', 'TERM', 'mmdebstrap', '--verbose'])
  assert.deepEqual(argv.slice(-3), ['bookworm', '/target', '/etc/apt/sources.list'])
})

test('only the host\'s sources of the right Debian release are used', t => {
  const etc = scratch(t)
  mkdirSync(`${etc}/sources.list.d`)
  writeFileSync(`${etc}/sources.list`, '# deb http://a bookworm main\ndeb http://a trixie main\n')
  writeFileSync(`${etc}/sources.list.d/debian.sources`, 'Types: deb\nURIs: http://a\nSuites: bookworm bookworm-updates\nComponents: main\n')
  writeFileSync(`${etc}/sources.list.d/old.list`, 'deb http://a bookworm-security main\n')
  writeFileSync(`${etc}/sources.list.d/node.sources`, 'Types: deb\nSuites: nodistro\nComponents: main\n')
  writeFileSync(`${etc}/sources.list.d/off.sources.disabled`, 'Suites: bookworm\nComponents: main\n')
  assert.deepEqual(sourcesFor('bookworm', etc), [`${etc}/sources.list.d/debian.sources`, `${etc}/sources.list.d/old.list`])
  assert.deepEqual(sourcesFor('bookworm', `${etc}/none`), [])
})

test('progress only ever grows', () => {
  const progress = new Progress()
  const said = ['I: running apt-get update...', 'I: downloading packages with apt...', '0 upgraded, 2 newly installed, 0 to remove', 'Get:1 a', 'Get:2 b', 'I: installing essential packages...', 'Unpacking a', 'Setting up a', 'I: installing remaining packages inside the chroot...', '0 upgraded, 1 newly installed,', 'Get:1 c', 'Unpacking c', 'Setting up c']
  const percents = said.map(line => { progress.line(line); return progress.state.percent })
  assert.deepEqual(percents, [...percents].sort((a, b) => a - b))
  assert.equal(percents.at(-1), 93)
})

test('the image of this machine needs no owner: all is readable, nothing has a set-id bit or can be written', () => {
  const image = newest('php')
  assert.ok(image, 'build it first: node provisioner/images/main.ts ensure php')
  const search = (...conditions: string[]) => execFileSync('find', [image.rootfs, ...conditions], { encoding: 'utf8' })
  assert.equal(search('-perm', '/7000'), '')
  assert.equal(search('!', '-type', 'l', '(', '-perm', '/022', '-o', '!', '-perm', '-004', ')'), '')
  assert.equal(search('!', '-type', 'd', '!', '-type', 'f', '!', '-type', 'l'), '')
  assert.deepEqual(image.config.config.Entrypoint, ['/usr/sbin/apache2', '-DFOREGROUND'])
  assert.equal(readFileSync(`${image.rootfs}/etc/resolv.conf`, 'utf8'), '')
})
