// The shape of the source, kept: imports point one way, only a main.ts talks to the system about itself, files stay short.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = new URL('..', import.meta.url).pathname
const FOLDERS = ['bin', 'cli', 'dns', 'gateway', 'provisioner', 'registry', 'supervisor', 'wire']
const SHARED = ['registry', 'wire']

/** What each folder may import besides itself. */
const MAY: Record<string, string[]> = {
  wire: ['registry/types.ts'],
  registry: ['wire'],
  dns: SHARED,
  provisioner: SHARED,
  gateway: [...SHARED, 'provisioner/client.ts', 'provisioner/api.ts'],
  supervisor: [...SHARED, 'bin'],
  cli: [...SHARED, 'bin', 'provisioner/client.ts', 'provisioner/api.ts'],
  bin: ['wire/house.ts'],
}

const sources = globSync(FOLDERS.map(folder => `${folder}/**/*.{ts,mjs}`), { cwd: root }).sort()
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** The source without its comments, roughly: lines that are nothing else. */
const code = (file: string) => read(file).split('\n').filter(line => !/^\s*(\/\/|\*|\/\*)/.test(line)).join('\n')

function imports(file: string): string[] {
  const found = [...code(file).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)]
  return found.map(([, path = '']) => normalize(join(dirname(file), path)))
}

test('imports point one way', () => {
  const wrong = sources.flatMap(file => {
    const folder = file.split('/')[0] ?? ''
    const allowed = [folder, ...(MAY[folder] ?? [])]
    const strays = imports(file).filter(path => !allowed.some(place => path === place || path.startsWith(`${place}/`)))
    return strays.map(path => `${file} imports ${path}`)
  })
  assert.deepEqual(wrong, [])
})

test('only a main.ts and bin/ read the environment or arguments, or handle signals', () => {
  // SIGCHLD is how the kernel says that a child has ended: nobody asks anything of a process by it.
  const own = /process\.(env|argv)\b|process\.on\(\s*'SIG(?!CHLD)|process\.on\(signal/
  const wrong = sources.filter(file => own.test(code(file)) && !/(^bin\/|\/main\.ts$|^wire\/child\.ts$)/.test(file))
  assert.deepEqual(wrong, [])
})

test('no file is longer than 300 lines', () => {
  const all = [...sources, ...globSync('{test,bench}/**/*.{ts,mjs}', { cwd: root })]
  const long = all.map(file => ({ file, lines: read(file).split('\n').length - 1 })).filter(({ lines }) => lines > 300)
  assert.deepEqual(long, [])
})

test('every file begins by saying what it is', () => {
  const silent = sources.filter(file => !/^(#!.*\n)?(\/\/|\/\*)/.test(read(file)))
  assert.deepEqual(silent, [])
})

test('no type is given up', () => {
  const careless = sources.filter(file => file.endsWith('.ts') && /(:|\bas|<|,)\s*any\b\s*[;,)>=\]|&[]|@ts-(ignore|nocheck|expect-error)/.test(code(file)))
  assert.deepEqual(careless, [])
})

test('names are nouns and verbs of the house', () => {
  const vague = sources.filter(file => /(manager|helper|util)s?(\.|$|\/)/i.test(file) || /\bclass \w*(Manager|Helper|Util)/.test(code(file)))
  assert.deepEqual(vague, [])
})

test('the types agree', { timeout: 240_000 }, async () => {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await promisify(execFile)(tsc, ['--noEmit'], { cwd: root }).catch((error: { stdout: string }) => error)
  assert.equal(stdout, '')
})
