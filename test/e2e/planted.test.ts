// A sibling site's script plants cookies for the whole zone, in Chromium, over HTTPS: it signs nobody in, and nobody out.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { chromium } from 'playwright-core'
import { startHouse } from '../helpers/house.ts'

const PASSWORD = 'seven wet umbrellas'
const ZONE = 'school.test'

/** What the sibling serves: whatever was given it to say. */
async function sibling(t: TestContext): Promise<{ port: number; say(page: string): void }> {
  let page = ''
  const server: Server = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end(page) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => { server.closeAllConnections(); server.close() })
  return { port: (server.address() as AddressInfo).port, say: said => { page = said } }
}

const script = (lines: string[]): string => `<!doctype html><title>planted</title><script>${lines.map(line => `document.cookie = ${JSON.stringify(line)}`).join('\n')}</script>`

test('cookies planted by a sibling\'s script sign nobody in and nobody out', { timeout: 120_000 }, async t => {
  const evil = await sibling(t)
  const house = await startHouse(t, { https: true, args: ['--zone', ZONE, '--runtime', 'none', '--workers', '1', '--signup', 'open', '--route', `evil.${ZONE}=http://127.0.0.1:${evil.port}`] })
  for (const name of ['alice', 'mallory']) assert.equal((await house.auberge('account', 'create', name, '--password-stdin', { input: PASSWORD })).code, 0)
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP *.${ZONE} 127.0.0.1, MAP ${ZONE} 127.0.0.1`] })
  t.after(() => browser.close())
  const panel = `https://${ZONE}:${house.https}`
  const sibling_ = `https://evil.${ZONE}:${house.https}/`
  const open = async () => (await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })).newPage()
  const signIn = async (name: string) => {
    const page = await open()
    await page.goto(`${panel}/signin`)
    await page.fill('#username', name)
    await page.fill('#password', PASSWORD)
    await page.click('main button')
    await page.waitForURL(/\/sites/)
    return page
  }
  const who = async (page: Awaited<ReturnType<typeof open>>) => {
    await page.goto(`${panel}/account`)
    return page.url().includes('/signin') ? null : (await page.textContent('h1'))?.trim()
  }

  const mallory = await signIn('mallory')
  const stolen = (await mallory.context().cookies(panel)).find(cookie => cookie.name === '__Host-session')?.value
  assert.ok(stolen)
  evil.say(script(['session', '__Host-session', '__Secure-session', '__host-session', 'Session'].flatMap(name => [`${name}=${stolen}; domain=${ZONE}; path=/`, `${name}=${stolen}; domain=${ZONE}; path=/account; secure`, `${name}=${stolen}; domain=.${ZONE}; path=/; secure; samesite=none`])))
  const visitor = await open()
  await visitor.goto(sibling_)
  assert.ok((await visitor.context().cookies(panel)).some(cookie => cookie.value === stolen), 'the script did plant something')
  assert.equal(await who(visitor), null, 'nobody is signed in as somebody else')
  const alice = await signIn('alice')
  await alice.goto(sibling_)
  assert.equal(await who(alice), 'alice', 'and nobody becomes somebody else')

  evil.say(script(Array.from({ length: 12 }, (_, index) => `bomb${index}=${'x'.repeat(1000)}; domain=${ZONE}; path=/`)))
  await alice.goto(sibling_)
  const refused = await alice.goto(`${panel}/account`)
  assert.equal(refused?.status(), 400)
  assert.equal(await who(alice), 'alice', 'the next page is there, and the session with it')
})
