import test from 'node:test'
import assert from 'node:assert/strict'
import { Frames, END_HEADERS, END_STREAM, FRAME, fields, frame, h2With, headersFrame } from './frames.ts'
import { staticRoute } from './house.ts'
import { from, mutate, random, type Pick } from './oracle/chance.ts'
import { backendOf, reread } from './oracle/judge.ts'
import { readRequests } from './oracle/llhttp.ts'
import { Recorder, type Arrival } from './oracle/recorder.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 600)
/** Requests on one connection. */
const STREAMS = 10

type List = [string, string][]
type Asked = { list: List; body: string; trailers: List; damaged: boolean }

const FIELDS: List = [['x-a', '1'], ['x-b', ''], ['x-c', 'a\tb'], ['cookie', 'a=b'], ['cookie', 'c=d'], ['te', 'trailers'], ['x-e', '\x80\xff'], ['accept', '*/*'], ['trailer', 'x-t'], ['via', '1.1 other'], ['max-forwards', '5']]
const FORGED: List = [['x-forwarded-for', '6.6.6.6'], ['x-real-ip', '6.6.6.6'], ['forwarded', 'for=6.6.6.6'], ['x_forwarded_for', '6.6.6.6'], ['x-forwarded-host', 'evil.test'], ['x-request-id', 'forged'], ['proxy', 'x']]
const BROKEN: List = [['connection', 'close'], ['transfer-encoding', 'chunked'], ['content-length', '3'], ['content-length', '5'], ['content-length', 'x'], ['content_length', '5'], ['host', 'b.test'], ['host', 'a.test'], ['upgrade', 'websocket'], ['keep-alive', '1'], ['proxy-connection', 'x'], ['te', 'gzip'], ['X-Upper', '1'], ['x y', '1'], ['', '1'], ['x:y', '1'], ['x\r\ny', '1'], ['x', 'a\r\nb: c'], ['x', 'a\nb'], ['x', 'a\rb'], ['x', 'a\0b'], ['x', ' a '], [':path', '/other'], [':method', 'POST'], [':odd', 'x'], ['expect', '100-continue'], ['http2-settings', 'AA'], ['x', 'a\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a.test\r\n\r\n'], ['sec-websocket-key', 'x'], ['max-forwards', '-1']]
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']
const HOSTS = ['a.test', 'b.test', 'A.Test:443', 'b.test.']

function generate(path: string, pick: Pick): Asked {
  const kind = pick(3)
  const list: List = [[':method', from(pick, METHODS)], [':scheme', 'http'], [':path', `/${path}`], [':authority', from(pick, HOSTS)]]
  const many = pick(5)
  for (let i = 0; i < many; i++) list.push(from(pick, kind === 0 ? FIELDS : from(pick, [FIELDS, FORGED, BROKEN])))
  const trailers = pick(3) === 0 ? [from(pick, kind === 0 ? [['x-t', '1'] as [string, string]] : [...FIELDS, ...FORGED, ...BROKEN])] : []
  if (kind === 2) damage(list, pick)
  return { list, body: from(pick, ['', 'hello', '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b.test\r\n\r\n']), trailers, damaged: kind !== 0 }
}

function damage(list: List, pick: Pick): void {
  const at = pick(list.length)
  const [name, value] = list[at] as [string, string]
  if (pick(6) === 0) list.splice(at, 1)
  else if (pick(4) === 0) list.splice(pick(list.length), 0, [name, value])
  else list[at] = pick(3) === 0 ? [mutate(name, pick), value] : [name, mutate(value, pick)]
}

function octets(stream: number, { list, body, trailers }: Asked): Buffer {
  if (body === '' && trailers.length === 0) return headersFrame(stream, list)
  const data = frame(FRAME.data, trailers.length === 0 ? END_STREAM : 0, stream, Buffer.from(body, 'latin1'))
  return Buffer.concat([headersFrame(stream, list, END_HEADERS), data, ...trailers.length === 0 ? [] : [frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields(trailers))]])
}

/** The request that must have been meant by what arrived; or why there is none. */
function wrong(asked: Asked[], { sent, backend, address }: Arrival): string | null {
  const value = (list: List, name: string): string | undefined => list.find(([each]) => each === name)?.[1]
  const host = sent.fields.find(([name]) => name === 'host')?.[1] ?? ''
  const meant = asked.find(({ list }) => value(list, ':path') === sent.target && value(list, ':method') === sent.method && (value(list, ':authority') ?? value(list, 'host')) === host)
  if (meant === undefined) return `nobody asked for ${JSON.stringify(sent)}`
  if (meant.body !== sent.body) return `the body ${JSON.stringify(meant.body)} arrived as ${JSON.stringify(sent.body)}`
  if (backendOf(host) !== backend) return `meant for ${host}, arrived at ${backend}`
  if (address !== '127.0.0.1') return 'a forged address'
  const stray = sent.trailers.find(([name, text]) => !meant.trailers.some(([each, said]) => each === name && said.trim() === text))
  return stray === undefined ? null : `the trailer ${stray.join(': ')}`
}

test(`whatever header lists come over HTTP/2, each backend gets canonical requests that somebody asked for (seed ${SEED})`, { timeout: 60_000 + ROUNDS * 100 }, async t => {
  const recorder = new Recorder()
  const [a, b] = [await recorder.open('a'), await recorder.open('b')]
  t.after(() => { a.close(); b.close() })
  const { h2 } = await h2With(t, [staticRoute(a.port), staticRoute(b.port, 'b.test')])
  const pick = random(SEED)
  let arrived = 0
  for (let round = 0; round < ROUNDS; round += STREAMS) {
    const asked = Array.from({ length: STREAMS }, (_, i) => generate(`${round}-${i}`, pick))
    const frames = new Frames(t, h2)
    frames.send(Buffer.concat(asked.map((each, i) => octets(2 * i + 1, each))))
    for (let i = 0; i < STREAMS; i++) {
      const over = frames.until(({ type, stream, flags }) => stream === 2 * i + 1 && (type === FRAME.reset || ((type === FRAME.data || type === FRAME.headers) && (flags & END_STREAM) !== 0)))
      await over.catch(() => {})
    }
    frames.socket.destroy()
    const arrivals = recorder.take()
    const said = `seed ${SEED}: ${JSON.stringify(asked)}`
    assert.deepEqual(recorder.faults, [], said)
    for (const arrival of arrivals) {
      assert.equal(wrong(asked, arrival), null, said)
      assert.equal(reread(await readRequests(arrival.octets), arrival), null, said)
    }
    arrived += arrivals.length
  }
  assert.ok(arrived > ROUNDS / 4, `only ${arrived} requests arrived`)
})
