// An HTTP/2 connection that ends the moment an answer is made. Of a stream that was closed Node forgets the answer with the stream, and could write it as empty frames without end.
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import { h2With, Frames, FRAME, headersFrame, END_HEADERS, END_STREAM } from './frames.ts'
import { siteRoute } from './house.ts'
import { until } from '../../helpers/patience.ts'

const request = (method: string): [string, string][] => [[':method', method], [':scheme', 'http'], [':path', '/'], [':authority', 'alice.example.test']]

/** The loop is in native code and takes a hundred megabytes a second: this process ends before the machine has none left. */
const guard = new Worker("setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20_000)", { eval: true })

test('a connection ends as an upload is answered before its end, while another request is under way', async t => {
  t.after(() => guard.terminate())
  // Nothing happens by the clock but what is asked for here.
  const { h2, guests, relay } = await h2With(t, [siteRoute('asleep')], { settings: { bodyProgress: 0, sweep: 3_600_000 } })
  const frames = new Frames(t, h2)
  await frames.until(({ type, flags }) => type === FRAME.settings && flags === 1)
  frames.send(headersFrame(1, request('POST'), END_HEADERS), headersFrame(3, request('GET'), END_HEADERS | END_STREAM))
  await until('both are there', () => relay.table.find('alice.example.test')?.inFlight === 1)
  const [guest] = guests
  guest?.overdue()
  await new Promise(resolve => { process.nextTick(resolve) })
  guest?.destroy()
  await until('nothing is left', () => guests.size === 0)
})
