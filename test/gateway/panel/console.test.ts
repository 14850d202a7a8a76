// The console of a site's page, through a relay to a real shell: who gets one, what ends it, and what a browser makes of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { WebSocket } from 'ws'
import { openBrowser } from '../../helpers/browser.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'

const browser = await openBrowser({ after })
const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss, stranger } = await people(house)
await alice.call('POST', '/api/sites', { name: 'blog' })
const url = `http://localhost:${house.port}`

function dial(visitor: Visitor, { site = 'blog', origin = url }: { site?: string; origin?: string | null } = {}): WebSocket {
  const cookie = [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return new WebSocket(`ws://localhost:${house.port}/api/sites/${site}/console?columns=90&rows=30`, { headers: { cookie, ...(origin === null ? {} : { origin }) } })
}

/** The status of a refusal. */
async function refused(socket: WebSocket): Promise<number> {
  socket.on('error', () => {})
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number; resume(): void }]
  answer.resume()
  return answer.statusCode
}

/** Types, and resolves with all that was shown once it matches. */
function shows(socket: WebSocket, typed: string, expected: RegExp): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let shown = ''
  const look = (data: Buffer, isBinary: boolean): void => {
    if (isBinary) shown += data.toString()
    if (expected.test(shown)) { socket.off('message', look); resolve(shown) }
  }
  const late = setTimeout(() => reject(new Error(`waited in vain for ${expected} after: ${JSON.stringify(shown.slice(-500))}`)), 30_000)
  socket.on('message', look).once('close', () => reject(new Error(`closed after: ${shown.slice(-500)}`)))
  socket.send(Buffer.from(typed))
  return promise.finally(() => clearTimeout(late))
}

test('the owner has a shell as root of a site that sleeps and of one that runs, sized as the page says', async () => {
  for (const verb of ['sleep', 'wake']) {
    await alice.call('POST', `/api/sites/blog/${verb}`)
    const socket = dial(alice)
    await once(socket, 'open')
    const shown = await shows(socket, 'id -u; pwd; stty size; echo "so $((6*7))"\n', /so 42/)
    assert.match(shown, /[\r\n]0\r\n\/var\/www\r\n30 90\r\n/)
    socket.send(JSON.stringify({ type: 'size', columns: 100, rows: 40 }))
    await shows(socket, 'for i in $(seq 50); do stty size | grep -x "40 100" && break; sleep .1; done\n', /[\r\n]40 100/)
    for (const odd of ['{', '7', '{"type":"size","columns":-1,"rows":"x"}']) socket.send(odd)
    const ended = once(socket, 'close')
    socket.send(Buffer.from('exit 3\n'))
    assert.equal(String((await ended as [number, Buffer])[1]), 'ended')
  }
})

test('nobody else has one, nor a page of another site', async () => {
  assert.deepEqual([await refused(dial(bob)), await refused(dial(bob, { site: 'none' })), await refused(dial(stranger))], [404, 404, 401])
  for (const origin of [`http://blog.localhost:${house.port}`, 'null', null]) assert.equal(await refused(dial(alice, { origin })), 403, String(origin))
  assert.equal((await alice.call('GET', '/api/sites/blog/console')).status, 400)
})

test('signing out, a revoked token, a suspended account and a deleted site end it', async () => {
  const closed = async (socket: WebSocket): Promise<number> => (await once(socket, 'close') as [number])[0]
  const dora = await house.visitor().signUp('dora')
  await dora.call('POST', '/api/sites', { name: 'notes' })
  const open = async (): Promise<WebSocket> => {
    const socket = dial(dora, { site: 'notes' })
    await once(socket, 'open')
    return socket
  }
  const first = await open()
  const [code] = await Promise.all([closed(first), dora.call('DELETE', '/api/session')])
  assert.equal(code, 1008)
  await dora.signIn('dora')
  const { id, token } = (await dora.call('POST', '/api/tokens', { name: 'script' })).json<{ id: string; token: string }>()
  const byToken = new WebSocket(`ws://localhost:${house.port}/api/sites/notes/console`, { headers: { authorization: `Bearer ${token}` } })
  await once(byToken, 'open')
  const [revoked] = await Promise.all([closed(byToken), dora.call('DELETE', `/api/tokens/${id}`)])
  assert.equal(revoked, 1008)
  const second = await open()
  const [other] = await Promise.all([closed(second), boss.call('PATCH', '/api/accounts/dora', { state: 'suspended', reason: 'x' })])
  assert.equal(other, 1008)
  assert.equal(await refused(dial(dora, { site: 'notes' })), 403)
  assert.equal(await refused(dial(boss, { site: 'notes' })), 409)
})

test('a page that reads slowly gets everything in the end', async () => {
  const socket = dial(alice)
  await once(socket, 'open')
  let bytes = 0
  socket.on('message', (data: Buffer, isBinary: boolean) => { if (isBinary) bytes += data.length })
  socket.pause()
  socket.send(Buffer.from('stty -echo -onlcr; head -c 6000000 /dev/zero | tr "\\0" z; echo; echo en""d\n'))
  setTimeout(() => socket.resume(), 500)
  await shows(socket, '', /\nend\n/)
  assert.ok(bytes > 6_000_000, String(bytes))
  socket.terminate()
})

test('in a browser it is opened, typed into and left by keyboard alone, under the panel\'s policy', async () => {
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
  await page.goto(`${url}/signin?next=/sites/blog/console`)
  await page.fill('#username', 'alice')
  await page.fill('#password', PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(/console/)
  await page.locator('#open').waitFor()
  await page.locator('#open').focus()
  await page.keyboard.press('Enter')
  await page.locator('.xterm textarea:focus').waitFor({ state: 'attached' })
  await page.keyboard.type('id; ls /\n')
  await page.locator('.xterm-rows', { hasText: 'uid=0(root)' }).waitFor()
  await page.locator('.xterm-rows', { hasText: /bin.*etc.*var/s }).waitFor()
  await page.keyboard.press('Shift+Tab')
  assert.equal(await page.evaluate('document.activeElement.closest(".xterm")'), null)
  await page.locator('.xterm-helper-textarea').focus()
  await page.keyboard.type('exit\n')
  await page.getByText('The console has ended.').waitFor()
  assert.deepEqual(complaints, [])
})
