import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inPieces, Snapshot } from '../../../gateway/control/snapshot.ts'
import { temporary } from '../../helpers/temporary.ts'

const failed = (error: unknown): void => { throw error }
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const asText = (all: number[]): Iterable<string> => inPieces('[', all, String, ']')

test('a list in pieces is the list, however long it is', () => {
  for (const count of [0, 1, 499, 500, 501, 1_000, 2_345]) assert.deepEqual(JSON.parse([...asText(numbers(count))].join('')), numbers(count))
})

test('a long snapshot is written while other things happen, and is what was there when it began', async t => {
  const file = `${temporary(t)}/numbers.json`
  const all = numbers(10_000)
  const snapshot = new Snapshot({ file, content: () => asText([...all]), delay: 0, failed })
  let turns = 0
  let turning = true
  const turn = (): void => { if (turning) { turns++; setImmediate(turn) } }
  const written = snapshot.flush()
  setImmediate(() => { all.length = 0; turn() })
  await written
  turning = false
  assert.ok(turns >= 20, `${turns} turns for 20 pieces`)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), numbers(10_000))
})
