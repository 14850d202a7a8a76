// Thousands of certificates: found by name, a bounded number ready for handshakes, changed one by one.
import test from 'node:test'
import assert from 'node:assert/strict'
import { Challenges } from '../../../gateway/relay/tls/challenges.ts'
import { Contexts } from '../../../gateway/relay/tls/contexts.ts'
import { certificate, ZONE } from './tls-house.ts'

const ONE = certificate(['one.test'])

test('contexts are made when they are first needed, and the one unused for the longest gives way', () => {
  const contexts = new Contexts(new Challenges(), 2)
  const names = ['a.test', 'b.test', 'c.test']
  contexts.replace(names.map(name => ({ ...ONE, names: [name] })))
  assert.deepEqual([contexts.size, contexts.ready], [3, 0])
  const of = (name: string) => contexts.contextOf(contexts.find(name) ?? assert.fail(name))
  const [a, b] = [of('a.test'), of('b.test')]
  assert.equal(of('a.test'), a)
  of('c.test')
  assert.deepEqual([contexts.ready, of('a.test') === a, of('b.test') === b], [2, true, false])
})

test('one certificate among many is added, replaced and taken away by its name alone', () => {
  const contexts = new Contexts()
  contexts.replace([ZONE])
  contexts.put({ ...ONE, trusted: true })
  assert.deepEqual([contexts.size, contexts.hasTrusted, contexts.isTrusted('one.test'), contexts.isTrusted('x.example.test')], [2, true, true, false])
  contexts.put({ ...ONE, trusted: false })
  assert.deepEqual([contexts.size, contexts.hasTrusted], [2, false])
  contexts.remove('one.test')
  contexts.remove('*.example.test')
  assert.deepEqual([contexts.size, contexts.find('one.test'), contexts.find('x.example.test')?.certificate], [1, undefined, ZONE])
})

test('a certificate that stays the same keeps its context when all are told anew; one that is broken is as if it were not there', () => {
  const contexts = new Contexts()
  contexts.replace([ONE, ZONE])
  const context = contexts.contextOf(contexts.find('one.test') ?? assert.fail())
  contexts.replace([{ ...ONE, trusted: true }])
  assert.equal(contexts.contextOf(contexts.find('one.test') ?? assert.fail()), context)
  assert.deepEqual([contexts.size, contexts.ready, contexts.isTrusted('one.test')], [1, 1, true])
  contexts.replace([{ ...ONE, key: ZONE.key }])
  assert.deepEqual([contexts.find('one.test'), contexts.ready], [undefined, 0])
})
