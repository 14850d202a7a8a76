import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { relayWith, staticRoute } from './house.ts'
import { cuts, from, random, shrink } from './oracle/chance.ts'
import { nominated, pairs } from './oracle/judge.ts'
import { readAnswer, type Answer } from './oracle/llhttp.ts'
import { script, type Script } from './oracle/responses.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 3_000)
const BATCH = 100

type Trial = { id: string; host: string; method: string; minor: number; script: Script; cuts: number[]; answer: string; reset: boolean }

/** An upstream that answers each request by the script whose id is its target. */
async function actor(t: TestContext, trials: Map<string, Trial>): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    let held = ''
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      held += chunk
      if (!held.includes('\r\n\r\n')) return
      const trial = trials.get(/^\S+ \/(\S+)/.exec(held)?.[1] ?? '')
      held = ''
      if (trial === undefined) socket.destroy()
      else play(socket, trial)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { for (const socket of sockets) socket.destroy(); server.close() })
  return (server.address() as AddressInfo).port
}

function play(socket: Socket, { script: { text, stays }, cuts }: Trial): void {
  const ends = [...cuts, text.length]
  const write = (i: number, at: number): void => {
    const end = ends[i]
    if (end === undefined) return void (stays || socket.end())
    socket.write(text.slice(at, end), 'latin1', () => setImmediate(() => write(i + 1, end)))
  }
  write(0, 0)
}

function visit(port: number, trial: Trial): Promise<void> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setEncoding('latin1').on('data', (chunk: string) => { trial.answer += chunk })
    socket.on('error', () => { trial.reset = true }).on('close', () => resolve())
    socket.write(`${trial.method} /${trial.id} HTTP/1.${trial.minor}\r\nHost: ${trial.host}\r\nConnection: close\r\n${trial.method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`)
  })
}

const HOPS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'transfer-encoding', 'content-length', 'via', 'content_length', 'transfer_encoding'])

/** What an answer says to whoever asked, without what concerns the connection alone. */
function meaning(answer: Answer, gone: Set<string>): string {
  const { status, reason, body } = answer
  return JSON.stringify([status, reason, pairs(answer.fields).filter(([name]) => !HOPS.has(name) && !gone.has(name)), body])
}

function isOurs(answer: Answer): boolean { return [502, 504].includes(answer.status) && answer.fields.includes('Content-Security-Policy') }

/** What is wrong with what a visitor got of a script, or null. */
async function verdict(trial: Trial): Promise<string | null> {
  const meant = await readAnswer(trial.method, trial.script.text)
  const got = await readAnswer(trial.method, trial.answer)
  const head = trial.answer.slice(0, trial.answer.indexOf('\r\n\r\n') + 2)
  if (/\0|\r[^\n]|[^\r]\n/.test(head)) return 'the head has a bare CR, LF or NUL'
  // A splice may have put the word into the head or the body itself.
  if (/evil/.test(trial.answer) && !JSON.stringify(meant).includes('evil')) return 'it got what followed the response'
  if ([...trial.answer.matchAll(/tag-(\w+);/g)].some(([tag, id]) => id !== trial.id && !trial.script.text.includes(tag) && !meant.body.includes(tag))) return 'it got what was for somebody else'
  if (got.whole && !trial.reset && !isOurs(got)) return agree(trial, meant, got)
  if (/^HPE_(?!INVALID_EOF)/.test(got.fault)) return `it can't be read: ${got.fault}`
  // A POST isn't sent again where a kept connection ended under it.
  return trial.script.tidy && trial.method !== 'POST' ? 'a well-formed response did not arrive' : null
}

function agree(trial: Trial, meant: Answer, got: Answer): string | null {
  const gone = nominated(pairs(meant.fields))
  if (!meant.whole) return `it got a whole response where the oracle reads ${JSON.stringify(meant)}`
  if (meaning(meant, gone) !== meaning(got, gone)) return `the upstream meant ${meaning(meant, gone)}, the visitor reads ${meaning(got, gone)}`
  if (trial.minor === 1 && meant.interims.join() !== got.interims.join()) return `interim responses ${meant.interims.join()} arrived as ${got.interims.join()}`
  const trailers = pairs(meant.trailers).map(pair => JSON.stringify(pair))
  return pairs(got.trailers).every(pair => trailers.includes(JSON.stringify(pair)) && !HOPS.has(pair[0]) && !gone.has(pair[0])) ? null : 'another trailer'
}

test(`whatever an upstream answers, a visitor reads what node:http reads in it, or a 502, or a broken connection (seed ${SEED})`, { timeout: 60_000 + ROUNDS * 100 }, async t => {
  const trials = new Map<string, Trial>()
  // Well-formed responses share an upstream and its connections; each damaged one has its own, for what it leaves behind could not be told from the next.
  const own = await Promise.all(Array.from({ length: BATCH }, async (_, i) => staticRoute(await actor(t, trials), `t${i}.test`)))
  const { port, relay } = await relayWith(t, [staticRoute(await actor(t, trials)), ...own], { settings: { linger: 100 } })
  const round = async (batch: Trial[]): Promise<{ trial: Trial; wrong: string } | null> => {
    for (const trial of batch) trials.set(trial.id, trial)
    await Promise.all(batch.map(trial => visit(port, trial)))
    trials.clear()
    relay.pools.closeAllIdle()
    for (const trial of batch) {
      const wrong = await verdict(trial)
      if (wrong !== null) return { trial, wrong }
    }
    return null
  }
  const pick = random(SEED)
  let whole = 0
  for (let done = 0; done < ROUNDS; done += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => {
      const method = from(pick, ['GET', 'GET', 'GET', 'HEAD', 'POST'])
      const made = script(`tag-${done + i};`, method, pick)
      return { id: `${done + i}`, host: made.tidy ? 'a.test' : `t${i}.test`, method, minor: pick(8) === 0 ? 0 : 1, script: made, cuts: cuts(made.text.length, pick), answer: '', reset: false }
    })
    const found = await round(batch)
    if (found !== null) await report(found, async trial => await round([trial]) !== null)
    whole += batch.filter(({ answer }) => answer.includes('HTTP/1.1 200 ')).length
  }
  assert.ok(whole > ROUNDS / 10, `only ${whole} responses arrived`)
})

/** Fails with the shortest response that still shows it. */
async function report({ trial, wrong }: { trial: Trial; wrong: string }, fails: (trial: Trial) => Promise<boolean>): Promise<never> {
  const shortest = await shrink(trial.script.text, text => fails({ ...trial, script: { text, tidy: false, stays: false }, cuts: [], answer: '', reset: false }))
  assert.fail(`seed ${SEED}: ${wrong}\n${trial.method} HTTP/1.${trial.minor} was answered ${JSON.stringify(trial.script.text)} cut at ${trial.cuts.join()}\nthe visitor got ${trial.answer.length} octets${trial.reset ? ' and a reset' : ''}: ${JSON.stringify(trial.answer)}\nshortest ${JSON.stringify(shortest)}`)
}
