// The file of a whole house: any tar reads it, and what isn't one is refused. Taking and restoring it is tested in test/e2e/backup.test.ts.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { execa } from 'execa'
import { imageAs } from '../../cli/house/images.ts'
import { MANIFEST, parseManifest, REGISTRY, SEAL, sealOf, type Manifest } from '../../cli/house/manifest.ts'
import { entriesOf, TarFile } from '../../cli/house/tarfile.ts'
import { verified } from '../../cli/house/verify.ts'
import { temporary } from '../helpers/temporary.ts'

const MANIFEST_OF_NOTHING: Manifest = { auberge: 'house', version: 1, madeAt: '', zone: 'localhost', sites: {}, images: [], pinned: [], files: {} }

test('entries of sizes that were not known before are a tar that GNU tar lists and that reads back', async t => {
  const file = `${temporary(t)}/a.tar`
  writeFileSync(file, 'something longer than nothing that was there before', { mode: 0o644 })
  const contents = ['', 'x', 'y'.repeat(512), 'z'.repeat(100_000)]
  const tar = await TarFile.create(file)
  for (const [index, content] of contents.entries()) {
    const { bytes, sha256 } = await tar.add(`entry-${index}`, Readable.from(content === '' ? [] : [Buffer.from(content.slice(0, 1)), Buffer.from(content.slice(1))]))
    assert.deepEqual([bytes, sha256], [content.length, createHash('sha256').update(content).digest('hex')])
  }
  assert.equal(await tar.finish(), statSync(file).size)
  await tar.close()
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { stdout } = await execa('tar', ['--list', '--verbose', '--file', file])
  assert.deepEqual(stdout.split('\n').map(line => line.split(/\s+/)).map(words => [words[0], Number(words[2]), words.at(-1)]), contents.map((content, index) => ['-rw-------', content.length, `entry-${index}`]))
  const read: string[] = []
  for await (const { body } of entriesOf(file)) read.push(await text(body))
  assert.deepEqual(read, contents)
})

test('a manifest that is damaged, of something else or of a later version is refused', () => {
  const parse = (change: object) => {
    const text = JSON.stringify({ ...MANIFEST_OF_NOTHING, ...change })
    return parseManifest(text, `${sealOf(text)}\n`)
  }
  assert.deepEqual(parse({}), MANIFEST_OF_NOTHING)
  assert.throws(() => parseManifest('{}', sealOf('{ }')), { code: 'bad_archive' })
  for (const change of [{ auberge: 'site' }, { version: 2 }, { auberge: undefined }]) assert.throws(() => parse(change), { code: 'bad_archive' })
})

test('a file with an entry too few, too many or twice is no backup', async t => {
  const build = async (names: string[], files: string[]): Promise<string> => {
    const file = `${temporary(t)}/a.tar`
    const tar = await TarFile.create(file)
    const sums = new Map<string, Manifest['files'][string]>()
    for (const name of names) sums.set(name, await tar.addText(name, name))
    const sum = { bytes: 1, sha256: 'of what is missing' }
    const manifest = JSON.stringify({ ...MANIFEST_OF_NOTHING, files: Object.fromEntries(files.map(name => [name, sums.get(name) ?? sum])) })
    await tar.addText(MANIFEST, manifest)
    await tar.addText(SEAL, sealOf(manifest))
    await tar.finish()
    await tar.close()
    return file
  }
  assert.equal((await verified(await build([REGISTRY], [REGISTRY]))).zone, 'localhost')
  const wrong: [string[], string[]][] = [[[REGISTRY], [REGISTRY, 'more']], [[REGISTRY, 'more'], [REGISTRY]], [[REGISTRY, REGISTRY], [REGISTRY]], [[], []]]
  for (const [names, files] of wrong) await assert.rejects(verified(await build(names, files)), { code: 'bad_archive' }, JSON.stringify([names, files]))
})

test('a version of an image that another machine had means the newest of this one', () => {
  const images = [{ name: 'php', version: 3 }, { name: 'node', version: 1 }].map(each => ({ ...each, bytes: 1, builtAt: 1, usedBy: 0, newest: true, pinned: false, forSites: true, takes: null }))
  assert.deepEqual(['php', 'php@3', 'php@2', 'node@9'].map(image => imageAs(images, image)), ['php', 'php@3', 'php', 'node'])
})
