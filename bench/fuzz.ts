// `npm run bench -- fuzz [--seconds=N] [--seed=N]`: a fuzz of the relay's parsers, in this process, led by V8's block coverage:
// an input that reaches a block for the first time, or far more often than any before, joins the corpus from which the next ones are mutated. docs/relay-testing.md says what is checked.
import { Session } from 'node:inspector'
import { chunked, requests } from '../test/gateway/relay/oracle/requests.ts'
import { from, mutate, random, shrink, type Pick } from '../test/gateway/relay/oracle/chance.ts'
import { script } from '../test/gateway/relay/oracle/responses.ts'
import { fault, type Kind } from '../test/gateway/relay/oracle/parsers.ts'
import type { Result } from './table.ts'

type Entry = { kind: Kind; text: string }

/** Block counts of the parsers since the last look: `block` to how often. */
class Coverage {
  private readonly session = new Session()
  constructor() {
    this.session.connect()
    this.session.post('Profiler.enable')
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  take(): Map<string, number> {
    const blocks = new Map<string, number>()
    this.session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      for (const { url, functions } of result) {
        if (!url.includes('/gateway/relay/')) continue
        for (const { ranges } of functions) for (const { startOffset, endOffset, count } of ranges) if (count > 0) blocks.set(`${url.slice(-16)} ${startOffset} ${endOffset}`, count)
      }
    })
    return blocks
  }
}

/** The most often each block was ever run by one input, as a power of two. */
class Known {
  private readonly most = new Map<string, number>()
  get size(): number { return this.most.size }
  /** Whether `blocks` has anything new. */
  add(blocks: Map<string, number>): boolean {
    let fresh = false
    for (const [block, count] of blocks) {
      const power = Math.floor(Math.log2(count))
      if (power <= (this.most.get(block) ?? -1)) continue
      this.most.set(block, power)
      fresh = true
    }
    return fresh
  }
}

function seedling(pick: Pick, serial: number): Entry {
  const kind = from(pick, ['request', 'request', 'response', 'chunks'] as const)
  if (kind === 'request') return { kind, text: requests(`${serial}`, pick).text }
  if (kind === 'response') return { kind, text: script(`${serial};`, 'GET', pick).text }
  return { kind, text: chunked('x'.repeat(pick(200)), pick, pick(2) === 0) }
}

function child(corpus: Entry[], pick: Pick): Entry {
  const { kind, text } = from(pick, corpus)
  let next = text
  for (let i = 1 + pick(4); i > 0; i--) next = mutate(next, pick)
  if (pick(6) === 0) next = next.slice(0, pick(next.length + 1)) + from(pick, corpus).text.slice(pick(100))
  return { kind, text: next.slice(0, 20_000) }
}

/** Runs of statements allowed for each octet of an input, splits included, and for each input at all: linear, with room to spare. */
const WORK = { each: 2_000, input: 60_000 }

export async function run(flags: string[]): Promise<Result[]> {
  const option = (name: string, otherwise: number): number => Number(flags.find(flag => flag.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
  const [seconds, seed] = [option('seconds', 60), option('seed', 1)]
  const pick = random(seed)
  const coverage = new Coverage()
  const known = new Known()
  const corpus: Entry[] = []
  const until = performance.now() + seconds * 1_000
  let rounds = 0
  let steepest = 0
  coverage.take()
  for (; performance.now() < until; rounds++) {
    const entry = corpus.length === 0 || pick(10) === 0 ? seedling(pick, rounds) : child(corpus, pick)
    const wrong = fault(entry.kind, entry.text, pick)
    const blocks = coverage.take()
    const work = [...blocks.values()].reduce((sum, count) => sum + count, 0)
    steepest = Math.max(steepest, work / (WORK.input + WORK.each * entry.text.length))
    if (wrong !== null || work > WORK.input + WORK.each * entry.text.length) await report(entry, wrong ?? `${work} blocks were run for ${entry.text.length} octets`, seed, rounds)
    if (known.add(blocks)) corpus.push(entry)
  }
  const conditions = `seed ${seed}, ${seconds} s, ${known.size} blocks, corpus ${corpus.length}, at most ${(100 * steepest).toFixed(0)} % of the work allowed, no finding`
  return [{ name: 'fuzz of the parsers', unit: 'inputs', ours: rounds, peers: {}, ratios: {}, n: 1, conditions }]
}

async function report({ kind, text }: Entry, wrong: string, seed: number, round: number): Promise<never> {
  const shortest = await shrink(text, async shorter => fault(kind, shorter, random(seed)) !== null)
  throw new Error(`seed ${seed}, round ${round}: ${wrong}\n${kind} ${JSON.stringify(text)}\nshortest ${JSON.stringify(shortest)}`)
}
