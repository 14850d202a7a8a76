// Keeps the table of promises in docs/relay-testing.md true. Run by node --test.
import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../../../', import.meta.url).pathname

/** The sentences of the tests in a file, each with what begins its line. */
function sentences(name: string): string[] {
  const file = `${root}${name.startsWith('test/') ? '' : 'test/gateway/relay/'}${name}.test.ts`
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text.split('\n').filter(line => /\btest\(/.test(line)).map(line => line.replaceAll("\\'", "'"))
}

test('each promise in docs/relay-testing.md names a test that is there', () => {
  const table = readFileSync(`${root}docs/relay-testing.md`, 'utf8').split('## What each promise is tested by')[1]?.split('\n## ')[0] ?? ''
  const rows = table.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| promise |'))
  const lost = rows.filter(row => {
    const [, file = '', sentence = ''] = /\| `([\w/-]+)`: (.+) \|$/.exec(row) ?? []
    return sentence === '' || !sentences(file).some(line => line.includes(sentence))
  })
  assert.ok(rows.length > 50)
  assert.deepEqual(lost, [])
})
