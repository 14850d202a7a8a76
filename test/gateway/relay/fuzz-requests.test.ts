import test from 'node:test'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { relayWith, staticRoute } from './house.ts'
import { cuts, random, shrink } from './oracle/chance.ts'
import { judge, reread } from './oracle/judge.ts'
import { readRequests } from './oracle/llhttp.ts'
import { secondOpinion, type Proxied } from './oracle/proxied.ts'
import { Recorder, type Arrival } from './oracle/recorder.ts'
import { requests, type Stream } from './oracle/requests.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 3_000)
/** Visitors at a time, each from an address of its own. */
const BATCH = 100

type Trial = { stream: Stream; cuts: number[]; address: string; answers: string }

/** Sends a stream in as many writes as it is cut into and takes all that comes back. Half-closes at once, or where answers are promised after the last of them. */
function visit(port: number, trial: Trial): Promise<Trial> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: trial.address, allowHalfOpen: true, noDelay: true })
    socket.setEncoding('latin1').on('error', () => {}).on('data', (chunk: string) => {
      trial.answers += chunk
      if (trial.stream.promised > 0 && trial.answers.split('\r\nX-Seen: ').length > trial.stream.promised) socket.end()
    })
    socket.on('end', () => socket.end()).on('close', () => resolve(trial))
    const ends = [...trial.cuts, trial.stream.text.length]
    const write = (i: number, at: number): void => {
      const end = ends[i]
      if (end === undefined) return void (trial.stream.promised === 0 && socket.end())
      socket.write(trial.stream.text.slice(at, end), 'latin1', () => setImmediate(() => write(i + 1, end)))
    }
    socket.on('connect', () => write(0, 0))
  })
}

type Bench = { port: number; recorder: Recorder; proxied: Proxied }

/** What is wrong with how one visitor was served, or null. */
async function verdict({ stream, answers }: Trial, arrivals: Arrival[], proxied: Proxied | null): Promise<string | null> {
  const reading = await readRequests(stream.text)
  const wrong = judge(stream.text, reading, arrivals) ?? shown(answers, arrivals)
  if (wrong !== null) return wrong
  for (const arrival of arrivals) {
    const other = reread(await readRequests(arrival.octets), arrival)
    if (other !== null) return other
  }
  if (stream.promised > 0) return kept(stream, arrivals)
  return proxied === null ? null : proxied.differs(stream.text, arrivals)
}

/** A visitor sees the answers to its own requests, in order, and nobody else's. */
function shown(answers: string, arrivals: Arrival[]): string | null {
  const seen = [...answers.matchAll(/\r\nX-Seen: (.*)\r\n/g)].map(([, what]) => what)
  const meant = arrivals.map(({ backend, sent }) => `${backend} ${sent.method} ${sent.target}`)
  return seen.every((what, i) => what === meant[i]) ? null : `the visitor got the answers ${JSON.stringify(seen)} for ${JSON.stringify(meant)}`
}

/** Well-formed requests get through, all of them, and nothing from within their bodies. */
function kept(stream: Stream, arrivals: Arrival[]): string | null {
  if (arrivals.some(({ sent }) => sent.target.includes('smuggled'))) return 'a body was read as a request'
  return arrivals.length === stream.promised ? null : `${arrivals.length} of ${stream.promised} well-formed requests arrived`
}

async function round(bench: Bench, trials: Trial[], second: boolean): Promise<{ trial: Trial; wrong: string } | null> {
  await Promise.all(trials.map(trial => visit(bench.port, trial)))
  const arrivals = bench.recorder.take()
  const [fault] = bench.recorder.faults.splice(0)
  for (const trial of trials) {
    const own = arrivals.filter(({ address }) => address === trial.address)
    const wrong = await verdict(trial, own, second ? bench.proxied : null)
    if (wrong !== null) return { trial, wrong }
  }
  return fault === undefined || trials[0] === undefined ? null : { trial: trials[0], wrong: `not canonical: ${fault}` }
}

/** Fails with the shortest stream that still shows it. */
async function report(bench: Bench, { trial, wrong }: { trial: Trial; wrong: string }, seed: number): Promise<never> {
  const shortest = await shrink(trial.stream.text, async text => await round(bench, [{ ...trial, stream: { text, promised: 0 }, cuts: [], answers: '' }], false) !== null)
  assert.fail(`seed ${seed}: ${wrong}\nsent ${JSON.stringify(trial.stream.text)} cut at ${trial.cuts.join()}\nshortest ${JSON.stringify(shortest)}`)
}

test(`whatever a visitor sends, each backend reads the very requests that node:http and http-proxy read in it (seed ${SEED})`, { timeout: 60_000 + ROUNDS * 100 }, async t => {
  const recorder = new Recorder()
  const proxied = await secondOpinion()
  const [a, b] = [await recorder.open('a'), await recorder.open('b')]
  t.after(() => { a.close(); b.close(); proxied.close() })
  const { port } = await relayWith(t, [staticRoute(a.port), staticRoute(b.port, 'b.test')], { settings: { headTimeout: 2_000, bodyProgress: 2_000, keepAlive: 2_000, linger: 100 } })
  const bench = { port, recorder, proxied }
  const pick = random(SEED)
  let forwarded = 0
  for (let done = 0; done < ROUNDS; done += BATCH) {
    const trials = Array.from({ length: BATCH }, (_, i) => {
      const stream = requests(`${done + i}`, pick)
      return { stream, cuts: cuts(stream.text.length, pick), address: `127.${1 + pick(200)}.${pick(250)}.${1 + i}`, answers: '' }
    })
    const wrong = await round(bench, trials, done % (4 * BATCH) === 0)
    if (wrong !== null) await report(bench, wrong, SEED)
    forwarded += answered(trials)
  }
  assert.ok(forwarded > ROUNDS / 2, `only ${forwarded} requests were forwarded`)
})

function answered(trials: Trial[]): number { return trials.reduce((sum, { answers }) => sum + answers.split('\r\nX-Seen: ').length - 1, 0) }
