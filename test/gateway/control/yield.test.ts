// Who gives way, and who waits: the rules by which accounts share the memory, without a house around them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Waiting } from '../../../gateway/control/waiting.ts'
import { enough, inOrder, type Sleeper } from '../../../gateway/control/yield.ts'

const ALICE = 1
const BOB = 2
const sleeper = (name: string, owner: number, state: Sleeper['state'], usedAt: number, bytes = 10): Sleeper => ({ name, owner, state, usedAt, bytes })
const names = (sleepers: Sleeper[]) => sleepers.map(({ name }) => name).join(' ')

test('of one account frozen sites go first, then running ones, each the least recently used first', () => {
  const sleepers = [sleeper('run-new', ALICE, 'running', 4), sleeper('ice-new', ALICE, 'frozen', 3), sleeper('run-old', ALICE, 'running', 1), sleeper('ice-old', ALICE, 'frozen', 2)]
  assert.equal(names(inOrder(sleepers, new Map([[ALICE, 50]]), 40, ALICE)), 'ice-old ice-new run-old run-new')
})

test('an account with more than its share loses its own sites first, even running ones, and takes none that runs from another', () => {
  const sleepers = [sleeper('b-ice', BOB, 'frozen', 1), sleeper('b-run', BOB, 'running', 2), sleeper('a-run', ALICE, 'running', 9), sleeper('a-ice', ALICE, 'frozen', 8)]
  const shares = new Map([[ALICE, 70], [BOB, 20]])
  assert.equal(names(inOrder(sleepers, shares, 80, ALICE)), 'a-ice a-run b-ice')
  assert.equal(names(inOrder(sleepers, shares, 80, BOB)), 'a-ice a-run b-ice b-run')
  assert.equal(names(inOrder(sleepers, shares, 80, null)), 'a-ice a-run b-ice b-run')
})

test('among accounts within their share the longest unused goes, whoever has it', () => {
  const sleepers = [sleeper('a', ALICE, 'frozen', 2), sleeper('b', BOB, 'frozen', 1), sleeper('b-run', BOB, 'running', 0)]
  assert.equal(names(inOrder(sleepers, new Map([[ALICE, 20], [BOB, 20]]), 100, ALICE)), 'b a b-run')
})

test('a running site that was used a moment ago is spared, unless its account has more than its share', () => {
  const sleepers = [sleeper('a', ALICE, 'running', Date.now()), sleeper('b', BOB, 'running', Date.now())]
  assert.equal(names(inOrder(sleepers, new Map([[ALICE, 20], [BOB, 20]]), 100, ALICE)), '')
  assert.equal(names(inOrder(sleepers, new Map([[ALICE, 80], [BOB, 20]]), 90, BOB)), 'a')
})

test('no more go than it takes', () => {
  const sleepers = [sleeper('a', ALICE, 'frozen', 1, 10), sleeper('b', ALICE, 'frozen', 2, 25), sleeper('c', ALICE, 'frozen', 3, 10)]
  assert.equal(names(enough(sleepers, 11)), 'a b')
  assert.equal(names(enough(sleepers, 0)), '')
  assert.equal(names(enough(sleepers, 1000)), 'a b c')
})

const NEVER = new AbortController().signal

test('a full queue turns the newest wake away of the account that has most in it, so that nobody is kept out by another', async () => {
  const waiting = new Waiting()
  const refused: string[] = []
  const wait = (name: string, owner: number) => {
    const waited = waiting.wait({ name, owner, bytes: 1 }, NEVER).catch((error: Error & { code: string }) => { refused.push(`${name} ${error.code}`) })
    return waited
  }
  const storm = Array.from({ length: 256 }, (_, nth) => wait(`a${nth}`, ALICE))
  await wait('one-more', ALICE)
  assert.deepEqual(refused, ['one-more no_room'])
  const bob = wait('b', BOB)
  await storm[255]
  assert.deepEqual(refused, ['one-more no_room', 'a255 no_room'])
  assert.equal(waiting.size, 256)
  const held = new Map([[ALICE, 100], [BOB, 0]])
  assert.equal(waiting.inOrder(owner => held.get(owner) ?? 0)[0]?.name, 'b', 'who holds least is next')
  for (const waiter of waiting.inOrder(() => 0)) waiter.admit()
  await Promise.all([...storm, bob])
  assert.equal(waiting.size, 0)
})

test('who leaves, and whose time is up, is in the queue no more', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waiting = new Waiting()
  const leave = new AbortController()
  const left = assert.rejects(waiting.wait({ name: 'a', owner: ALICE, bytes: 1 }, leave.signal), /gone/)
  const late = assert.rejects(waiting.wait({ name: 'b', owner: ALICE, bytes: 1 }, NEVER), { code: 'no_room', message: /^b can't be woken now: .*--memory-budget/ })
  leave.abort(new Error('gone'))
  await left
  assert.equal(waiting.size, 1)
  t.mock.timers.tick(30_000)
  await late
  assert.equal(waiting.size, 0)
  await assert.rejects(waiting.wait({ name: 'c', owner: ALICE, bytes: 1 }, leave.signal), /gone/)
})
