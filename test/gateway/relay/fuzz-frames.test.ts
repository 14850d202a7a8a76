// Conversations of HTTP/2 frames that make little sense, many at once: none may end the process, which every visitor could then do.
import assert from 'node:assert/strict'
import test from 'node:test'
import { connect } from 'node:net'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { END_HEADERS, END_STREAM, FRAME, PREFACE, ask, client, fields, frame, number } from './frames.ts'
import { backend, relayWith, staticRoute } from './house.ts'
import { from, random, type Pick } from './oracle/chance.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20240501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 1_500)
const AT_ONCE = 30

/** A request, perhaps with a continuation, a body to come or fields that frame. */
function opening(pick: Pick, id: number, stray: number): Buffer[] {
  const list: [string, string][] = [[':method', from(pick, ['GET', 'POST', 'HEAD', 'CONNECT'])], [':path', from(pick, ['/', '/slow', '/big', '/x y', ''])], [':scheme', 'http'], [':authority', 'a.test']]
  if (pick(3) === 0) list.push(from(pick, [['content-length', '7'], ['te', 'trailers'], ['X-Upper', '1'], ['connection', 'close']]))
  const block = fields(list)
  if (pick(5) > 0) return [frame(FRAME.headers, END_HEADERS | pick(2), id, block)]
  return [frame(FRAME.headers, pick(2), id, block.subarray(0, 20)), frame(FRAME.continuation, pick(4) > 0 ? END_HEADERS : 0, pick(6) > 0 ? id : stray, block.subarray(20))]
}

function other(pick: Pick, stray: number): Buffer {
  const somewhere = pick(2) === 0 ? 0 : stray
  const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => pick(256)))
  switch (pick(9)) {
    case 0: return frame(FRAME.data, pick(2), stray, Buffer.alloc(pick(3_000), 97))
    case 1: return frame(FRAME.reset, 0, stray, number(pick(14)))
    case 2: return frame(FRAME.window, 0, somewhere, number(from(pick, [0, 1, 65_535, 2 ** 31 - 1])))
    case 3: return frame(FRAME.ping, pick(2), pick(4) > 0 ? 0 : stray, bytes(pick(5) > 0 ? 8 : pick(20)))
    case 4: return frame(FRAME.settings, pick(5) > 0 ? 0 : 1, 0, Buffer.concat([Buffer.from([0, pick(9)]), number(from(pick, [0, 1, 16_384, 65_535, 2 ** 31 - 1, 2 ** 31]))]))
    case 5: return frame(FRAME.priority, 0, stray, bytes(5))
    case 6: return frame(FRAME.goaway, 0, 0, bytes(8))
    case 7: return frame(FRAME.headers, END_HEADERS | END_STREAM, stray, fields([['x-trailer', 'y']]))
    default: return frame(pick(256), pick(256), somewhere, bytes(pick(40)))
  }
}

function conversation(pick: Pick): Buffer {
  const out = [Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]
  for (let id = 1, left = 1 + pick(14); left > 0; left--) {
    const stray = Math.max(1, id - 2 * pick(3))
    if (pick(4) > 0) out.push(other(pick, stray))
    else {
      out.push(...opening(pick, id, stray))
      id += 2
    }
  }
  const whole = Buffer.concat(out)
  for (let odd = pick(3) === 0 ? pick(4) : 0; odd > 0; odd--) whole[PREFACE.length + pick(whole.length - PREFACE.length)] = pick(256)
  return pick(8) === 0 ? whole.subarray(0, PREFACE.length + pick(whole.length - PREFACE.length)) : whole
}

async function converse(port: number, bytes: Buffer, pick: Pick): Promise<void> {
  const cut = pick(bytes.length)
  const [patience, reset] = [5 + pick(30), pick(3) === 0]
  const socket = connect(port, '127.0.0.1').on('error', () => {}).resume()
  const closed = once(socket, 'close')
  socket.write(bytes.subarray(0, cut))
  await pause(cut % 3)
  socket.write(bytes.subarray(cut))
  await Promise.race([closed, pause(patience)])
  if (reset) socket.resetAndDestroy()
  else socket.destroy()
}

test(`no conversation of frames ends the relay or stays open (seed ${SEED})`, { timeout: 60_000 + ROUNDS * 50 }, async t => {
  const pick = random(SEED)
  const up = await backend(t, (request, response) => {
    request.resume()
    if (request.url === '/slow') setTimeout(() => response.end('late'), 20)
    else response.end(request.url === '/big' ? 'x'.repeat(200_000) : 'ok')
  })
  const { port: h2, relay } = await relayWith(t, [staticRoute(up.port)], { h2c: true })
  for (let done = 0; done < ROUNDS; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, () => converse(h2, conversation(pick), pick)))
  const session = client(t, h2)
  assert.equal((await ask(session, { ':path': '/', ':authority': 'a.test' })).status, 200)
  session.destroy()
  while (relay['guests'].size > 0 || relay.table.find('a.test')?.inFlight !== 0) await pause(10)
})
