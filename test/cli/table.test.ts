// Answers for people.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safe, sheet, size, table } from '../../cli/table.ts'

test('columns line up under their headings', () => {
  assert.equal(table(['NAME', 'STATE'], [['alice', 'running'], ['b', null]]), 'NAME   STATE\nalice  running\nb      -\n')
  assert.equal(table(['NAME'], [], 'no sites'), 'no sites\n')
})

test('a sheet leaves out what is not there', () => {
  assert.equal(sheet([['name', 'alice'], ['failure', null], ['cpu', 1]]), 'name  alice\ncpu   1\n')
})

test('sizes have a unit', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 256 * 2 ** 20, 2 ** 40].map(size), ['0 B', '1023 B', '1 KiB', '1.5 KiB', '256 MiB', '1 TiB'])
})

test('what a visitor chose can\'t steer the terminal', () => {
  assert.equal(safe('a\u001b[2Jb\nc'), 'a�[2Jb�c')
})
