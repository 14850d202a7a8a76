import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test, { type TestContext } from 'node:test'
import { execFileSync } from 'node:child_process'
import type { Needs } from '../../../provisioner/images/needs.ts'
import { eraseTree, removeImage, sweep, tidy } from '../../../provisioner/images/remove.ts'

const DAY = 24 * 3600 * 1000
const NOTHING: Needs = { versions: new Set(), names: new Set() }
const needing = (versions: string[] = [], names: string[] = []) => (): Needs => ({ versions: new Set(versions), names: new Set(names) })

function scratch(t: TestContext): string {
  const directory = mkdtempSync(`${tmpdir()}/auberge-images-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Images that are `ages` days old, the first being version 1. */
function store(t: TestContext, ages: Record<string, number[]>): string {
  const directory = scratch(t)
  for (const [name, each] of Object.entries(ages)) {
    for (const [index, age] of each.entries()) {
      mkdirSync(`${directory}/${name}@${index + 1}/rootfs`, { recursive: true })
      const record = { name, version: index + 1, bytes: 1, builtAt: Date.now() - age * DAY, recipe: 'r', packages: {} }
      writeFileSync(`${directory}/${name}@${index + 1}/image.json`, JSON.stringify(record))
      writeFileSync(`${directory}/${name}@${index + 1}/config.json`, '{"config":{}}')
    }
  }
  return directory
}

const content = (directory: string) => readdirSync(directory).filter(name => name !== '.lock').sort()

test('a version that a site has or is set to is not removed, nor the newest by itself, nor what is not there', async t => {
  const directory = store(t, { php: [3, 2, 1] })
  await assert.rejects(removeImage('php@3', directory, needing()), { code: 'conflict', message: /newest/ })
  await assert.rejects(removeImage('php@1', directory, needing(['php@1'])), { code: 'conflict', message: /in use/ })
  await assert.rejects(removeImage('php@4', directory, needing()), { code: 'not_found' })
  for (const bad of ['../php', 'php@', 'php@01', '']) await assert.rejects(removeImage(bad, directory, needing()), { code: 'invalid' }, bad)
  await removeImage('php@1', directory, needing(['php@2'], ['php']))
  assert.deepEqual(content(directory), ['php@2', 'php@3'])
})

test('an image goes whole where no site is set to it', async t => {
  const directory = store(t, { node: [2, 1], php: [1] })
  await assert.rejects(removeImage('node', directory, needing([], ['node'])), { code: 'conflict', message: /set to the image/ })
  await assert.rejects(removeImage('node', directory, needing(['node@1'])), { code: 'conflict', message: /node@1 is still in use/ })
  assert.deepEqual(content(directory), ['node@1', 'node@2', 'php@1'])
  await removeImage('node', directory, needing([], ['php']))
  await assert.rejects(removeImage('php', directory, needing()), { code: 'conflict', message: /new sites/ })
  assert.deepEqual(content(directory), ['php@1'])
})

test('by itself goes what nobody needs: not the newest, what is in use, nor for a week the one before', async t => {
  const directory = store(t, { php: [40, 30, 20, 10, 3], static: [400], node: [30, 9] })
  assert.deepEqual(await tidy(directory, Date.now(), needing(['php@2'])), ['node@1', 'php@1', 'php@3'])
  assert.deepEqual(content(directory), ['node@2', 'php@2', 'php@4', 'php@5', 'static@1'])
  assert.deepEqual(await tidy(directory, Date.now(), needing(['php@2'])), [])
  assert.deepEqual(await tidy(directory, Date.now() + 5 * DAY, needing()), ['php@2', 'php@4'])
})

test('an image that a pod takes in the moment of its removal is put back', async t => {
  const directory = store(t, { php: [2, 1] })
  let asked = 0
  const late = (): Needs => (asked++ === 0 ? NOTHING : needing(['php@1'])())
  await assert.rejects(removeImage('php@1', directory, late), { code: 'conflict' })
  assert.deepEqual(content(directory), ['php@1', 'php@2'])
})

test('what a killed build left mounted is unmounted before its files are erased, and what was mounted there stays', async t => {
  const directory = scratch(t)
  const build = `${directory}/.building-php@1-7`
  mkdirSync(`${build}/rootfs/dev`, { recursive: true })
  mkdirSync(`${directory}/host`)
  writeFileSync(`${directory}/host/null`, 'precious')
  mkdirSync(`${directory}/host/shm`)
  execFileSync('mount', ['--bind', `${directory}/host`, `${build}/rootfs/dev`])
  execFileSync('mount', ['--types', 'tmpfs', 'shm', `${build}/rootfs/dev/shm`])
  t.after(() => { try { execFileSync('umount', ['--recursive', `${build}/rootfs/dev`], { stdio: 'ignore' }) } catch { /* as it should be */ } })
  await sweep(directory)
  assert.deepEqual(readdirSync(directory), ['host'])
  assert.equal(existsSync(`${directory}/host/null`), true)
  await eraseTree(`${directory}/never`)
})
