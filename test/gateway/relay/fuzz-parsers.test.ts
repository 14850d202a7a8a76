import test from 'node:test'
import assert from 'node:assert/strict'
import { mutate, random, shrink } from './oracle/chance.ts'
import { fault, type Kind } from './oracle/parsers.ts'
import { chunked, requests } from './oracle/requests.ts'
import { script } from './oracle/responses.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 3_000)

test(`the parsers throw at nothing, read a message alike however it is split, and their canonical form as what it was made of (seed ${SEED})`, async () => {
  const pick = random(SEED)
  for (let round = 0; round < ROUNDS; round++) {
    const [kind, text]: [Kind, string] = round % 3 === 0 ? ['request', requests(`${round}`, pick).text] : round % 3 === 1 ? ['response', script(`${round};`, 'GET', pick).text] : ['chunks', chunked('x'.repeat(pick(80)), pick, false)]
    const input = pick(2) === 0 ? text : mutate(text, pick)
    const wrong = fault(kind, input, pick)
    if (wrong === null) continue
    const shortest = await shrink(input, async shorter => fault(kind, shorter, random(SEED)) !== null)
    assert.fail(`seed ${SEED}, round ${round}: ${wrong}\n${kind} ${JSON.stringify(input)}\nshortest ${JSON.stringify(shortest)}`)
  }
})
