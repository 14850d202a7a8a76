// Set-up: what is there is left alone, and going through the steps mends only what lacks.
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { goThrough, type Step } from '../../cli/setup/step.ts'
import { HOUSE, missing } from '../../cli/setup/packages.ts'
import { people } from '../../cli/setup/people.ts'
import { rkt } from '../../cli/setup/rkt.ts'
import { steps } from '../../cli/setup/steps.ts'
import { findRkt, NO_RKT } from '../../wire/rkt.ts'
import { temporary } from '../helpers/temporary.ts'

test('dpkg says which packages are missing, unknown names included', async () => {
  assert.deepEqual(await missing(['dpkg', 'no-such-package-anywhere', 'bash']), ['no-such-package-anywhere'])
})

test('on a machine that is set up nothing is missing', async () => {
  assert.deepEqual(await missing(HOUSE), [])
  assert.equal(await people.check(), null)
})

test('a step is mended only where its check says what is missing, in order', async () => {
  const done: string[] = []
  const step = (name: string, lacking: string | null): Step => ({ name, check: async () => lacking, mend: async () => { done.push(name) } })
  await goThrough([step('a', 'x'), step('b', null), step('c', 'y')], () => {}, act => act())
  assert.deepEqual(done, ['a', 'c'])
  await goThrough([step('d', null)], () => {}, () => assert.fail('no lock is taken when nothing lacks'))
})

test('what another set-up did meanwhile is not done again', async () => {
  let lacking: string | null = 'not yet'
  const step: Step = { name: 'a', check: async () => lacking, mend: () => assert.fail('done twice') }
  await goThrough([step], () => {}, act => { lacking = null; return act() })
})

test('an rkt is found where one can be run; where there is none, set-up says what to do and installs nothing', async t => {
  const directory = temporary(t)
  assert.equal(findRkt([directory]), null)
  writeFileSync(`${directory}/rkt`, '', { mode: 0o644 })
  assert.equal(findRkt([directory]), null)
  chmodSync(`${directory}/rkt`, 0o755)
  assert.equal(findRkt(['/nonexistent', directory]), `${directory}/rkt`)
  assert.equal(await rkt.check(), findRkt() === null ? NO_RKT : null)
  await assert.rejects(rkt.mend(() => {}), { code: 'unavailable', message: /build rkt 1\.30.* or choose --runtime crun$/ })
})

test('a gateway without pods needs no container packages and no image, and without root nothing at all', () => {
  const names = (runtime: 'crun' | 'rkt' | 'none', asRoot: boolean) => steps('/', { runtime, asRoot, tests: false }).map(step => step.name)
  assert.deepEqual(names('crun', true), ['Debian packages', 'system users', 'program', 'image php', 'image mariadb'])
  assert.deepEqual(names('rkt', true), ['rkt', 'Debian packages', 'system users', 'program', 'image php', 'image mariadb'])
  assert.deepEqual(names('none', true), ['Debian packages', 'system users', 'program'])
  assert.deepEqual(names('none', false), [])
})
