// The first start of a house: a link on the terminal makes its administrator, once, and outlives a control that is killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { pidsOf } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'

const launcher = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))
const PASSWORD = 'seven wet umbrellas'

/** A gateway without pods, and its terminal: resolves with the first line that matches. */
function start(t: TestContext, data: string) {
  const house = spawn(process.execPath, [launcher, 'up', '--data', data, '--http', '127.0.0.1:0', '--https', 'off', '--dns', 'off', '--runtime', 'none', '--workers', '1'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(house, 'exit')
  const stop = async (): Promise<void> => { house.kill('SIGTERM'); await ended }
  t.after(stop)
  const said: string[] = []
  const terminal = createInterface({ input: house.stdout }).on('line', line => said.push(line))
  const line = (sign: RegExp): Promise<string> => new Promise((resolve, reject) => {
    const look = () => { const found = said.find(one => sign.test(one)); if (found) resolve(found) }
    terminal.on('line', look)
    void ended.then(() => reject(new Error(`the house ended: ${said.join('\n')}`)))
    look()
  })
  return { house, line, stop, said }
}

type Form = Record<string, string>
async function send(link: URL, form?: Form) {
  const body = form === undefined ? null : new URLSearchParams(form).toString()
  const headers = { host: link.host, ...(body === null ? {} : { origin: link.origin, 'content-type': 'application/x-www-form-urlencoded' }) }
  const answer = await request(`http://127.0.0.1:${link.port}${link.pathname}${body === null ? link.search : ''}`, { method: body === null ? 'GET' : 'POST', headers, body })
  return { status: answer.statusCode, cookie: answer.headers['set-cookie'], text: await answer.body.text() }
}

test('the link on the terminal makes one administrator, also after control was killed, and is on no terminal afterwards', { timeout: 120_000 }, async t => {
  const data = temporary(t)
  const first = start(t, data)
  const link = new URL((await first.line(/\/first\?code=/)).trim())
  assert.equal((await send(link)).status, 200)
  const forged = new URL(link)
  forged.searchParams.set('code', `${link.searchParams.get('code')?.slice(0, -1)}!`)
  assert.equal((await send(forged)).status, 404)
  for (const pid of await pidsOf(data, first.house, 'control')) process.kill(pid, 'SIGKILL')
  await until('control is back', async () => (await send(link)).status === 200)
  const code = link.searchParams.get('code') ?? ''
  assert.equal((await send(link, { username: 'ada', password: 'password', code })).status, 422)
  const both = await Promise.all(['ada', 'eve'].map(username => send(link, { username, password: PASSWORD, code })))
  assert.equal(both.filter(one => one.status === 303 && /^session=/.test(String(one.cookie))).length, 1, both.map(one => one.status).join())
  assert.equal((await send(link)).status, 404)
  assert.equal((await send(link, { username: 'mallory', password: PASSWORD, code })).status, 404)
  await first.stop()
  const second = start(t, data)
  await second.line(/data/)
  assert.equal(second.said.some(line => line.includes('/first?')), false)
})
