// The panel in a browser, on a whole house: from signing up to a living site, a folder dragged onto it, a file edited, Adminer, a shell, a domain of one's own, an
// earlier release brought back; in French on a phone; by keyboard alone; without JavaScript.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { after, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../helpers/browser.ts'
import { startHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { openResolver } from '../helpers/resolver.ts'
import { zipOf } from './owner.ts'

const DOMAIN = 'bakery.example'

const browser = await openBrowser({ after }, { args: [`--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`] })
const dns = await openResolver()
after(dns.close)
const house = await startHouse({ after }, { args: ['--resolver', dns.address] })
const url = house.ready.panel.replace(/\/$/, '')
const PASSWORD = 'a lantern above the gate'

/** A person, signed up, with a site of their own. */
async function moveIn(name: string, options: Parameters<typeof browser.newContext>[0]): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
  await page.goto(url)
  await page.fill('#name', name)
  await page.waitForSelector('.field.free')
  await page.keyboard.press('Enter')
  await page.fill('#username', name)
  await page.fill('#password', PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/sites\?name=/)
  await page.waitForSelector('.field.free')
  await page.locator('#name').press('Enter')
  await page.waitForURL(new RegExp(`/sites/${name}`))
  return { context, page, complaints }
}

/** A folder `shop` with a page, a style and a file below with a long name. */
function folder(): string {
  const place = mkdtempSync(`${tmpdir()}/auberge-folder-`)
  after(() => rmSync(place, { recursive: true, force: true }))
  const below = `${place}/shop/${'deep'.repeat(20)}/${'er'.repeat(20)}`
  mkdirSync(below, { recursive: true })
  mkdirSync(`${place}/shop/.git`)
  writeFileSync(`${place}/shop/index.html`, '<h1>Fresh bread</h1>')
  writeFileSync(`${place}/shop/.git/config`, 'secret')
  writeFileSync(`${below}/été.txt`, 'bonjour')
  return `${place}/shop`
}

/** Drags something of the host's disk onto an element, as a person does. */
async function drag(page: Page, selector: string, path: string): Promise<void> {
  const box = await page.locator(selector).boundingBox()
  assert.ok(box)
  const cdp = await page.context().newCDPSession(page)
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files: [path], dragOperationsMask: 1 } }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await cdp.send('Input.dispatchDragEvent', { type, ...at })
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds serious or critical on a page, in either colour scheme. */
async function barriers(page: Page): Promise<string[]> {
  const found: string[] = []
  await page.evaluate(AXE)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await page.evaluate('axe.run()') as { violations: { id: string; impact: string; nodes: { html: string }[] }[] }
    found.push(...violations.filter(each => each.impact === 'serious' || each.impact === 'critical').map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 150)).join(' | ')}`))
  }
  return found
}

const tab = (page: Page, name: string) => page.locator('.tabs').getByRole('link', { name, exact: true }).click()
const live = async (host: string, path = '/') => (await house.visit(host, path)).text

test('a folder is dragged onto the page, changed there, and brought back', async () => {
  const { context, page, complaints } = await moveIn('bakery', { locale: 'en-GB', viewport: { width: 1200, height: 900 } })
  await drag(page, '.drop', folder())
  await page.waitForURL(/done=deployed/)
  assert.equal(await live('bakery.localhost'), '<h1>Fresh bread</h1>')
  assert.equal(await live('bakery.localhost', `/${'deep'.repeat(20)}/${'er'.repeat(20)}/${encodeURIComponent('été.txt')}`), 'bonjour')
  await page.waitForSelector('.door-plate[data-state="running"]')

  await tab(page, 'Files')
  assert.equal(await page.getByText('.git').count(), 0, 'what nobody means to publish is left out')
  await page.getByRole('link', { name: 'index.html' }).click()
  await page.getByRole('textbox', { name: 'Content of index.html' }).fill('<h1>Stale bread</h1>\n')
  await page.keyboard.press('Control+s')
  await page.getByText('Saved.').waitFor()
  assert.equal(await live('bakery.localhost'), '<h1>Stale bread</h1>\n')
  assert.equal((await house.auberge('site', 'exec', 'bakery', '--', 'sh', '-c', 'echo theirs > /var/www/html/index.html')).code, 0)
  await page.getByRole('textbox', { name: 'Content of index.html' }).fill('mine')
  await page.keyboard.press('Control+s')
  await page.getByText('Somebody else changed this file').waitFor()
  assert.equal(await live('bakery.localhost'), 'theirs\n', 'nothing was written over')
  await page.getByText('Save mine over it').click()
  await page.waitForURL(/done=file_saved/)
  assert.equal(await live('bakery.localhost'), 'mine')

  await tab(page, 'Files')
  await drag(page, '.files', folder())
  await page.getByRole('link', { name: 'shop/' }).waitFor()
  await page.getByRole('link', { name: 'shop/' }).click()
  assert.equal(await live('bakery.localhost', '/shop/'), '<h1>Fresh bread</h1>')

  await tab(page, 'Database')
  const [adminer] = await Promise.all([context.waitForEvent('page'), page.getByRole('button', { name: 'Open Adminer' }).click()])
  await adminer.getByRole('link', { name: 'Create table' }).first().waitFor()
  assert.equal(new URL(adminer.url()).hostname, 'bakery--tools.localhost')
  assert.equal((await context.cookies(`http://bakery--tools.localhost:${house.http}`)).some(cookie => cookie.name === 'session'), false)

  await tab(page, 'Console')
  await page.getByRole('button', { name: 'Open a console' }).click()
  await page.locator('.xterm textarea:focus').waitFor({ state: 'attached' })
  await page.keyboard.type('id; hostname; ls /\n')
  for (const shown of ['uid=0(root)', 'bakery', 'usr']) await page.locator('.xterm-rows', { hasText: shown }).waitFor()
  await page.keyboard.type('exit\n')
  await page.getByText('The console has ended.').waitFor()

  await tab(page, 'Domains')
  await page.getByLabel('Domain', { exact: true }).fill(DOMAIN)
  await page.getByRole('button', { name: 'Add it' }).click()
  await page.getByText('not proven yet').waitFor()
  const [proof = '', value = ''] = await page.locator('tr', { hasText: 'TXT' }).locator('.mono').allTextContents()
  dns.names.set(proof, { txt: [value] })
  await page.getByRole('button', { name: 'Look again' }).click()
  await page.getByText('yours', { exact: true }).waitFor()
  await adminer.goto(`http://${DOMAIN}:${house.http}/`)
  assert.equal(await adminer.textContent('body'), 'mine')

  await tab(page, 'Overview')
  await page.getByRole('button', { name: 'Go back to this one' }).last().click()
  await page.waitForURL(/done=rolled_back/)
  assert.match(await live('bakery.localhost'), /bakery/)
  assert.deepEqual(complaints.filter(text => !text.includes('409')), [])
})

test('on a phone, in French, every section fits and its words are French', async () => {
  const { page, complaints } = await moveIn('boulanger', { locale: 'fr-FR', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
  await house.visit('boulanger.localhost')
  for (const section of ['', '/files', '/files/edit?path=html%2Findex.php', '/console', '/logs', '/database', '/backup', '/settings']) {
    await page.goto(`${url}/sites/boulanger${section}`)
    assert.equal(await page.getAttribute('html', 'lang'), 'fr')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, `${section} is wider than a phone`)
    assert.deepEqual(await barriers(page), [], section)
  }
  await page.goto(`${url}/sites/boulanger`)
  await page.getByRole('heading', { name: 'Les sept derniers jours' }).waitFor()
  const bytes = await page.evaluate('performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).reduce((sum, each) => sum + each.transferSize, 0)')
  assert.ok(Number(bytes) < 100_000, `${bytes} bytes`)
  assert.deepEqual(complaints, [])
})

const FOCUSED = `(element => {
  const shows = [getComputedStyle(element), getComputedStyle(element, '::after'), ...element.closest('.name-box') ? [getComputedStyle(element.closest('.name-box'))] : []]
  const box = element.getBoundingClientRect()
  return {
    name: (element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent || '').trim(),
    seen: shows.some(style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  }
})(document.activeElement)`

test('by keyboard alone somebody signs up, puts a site live, writes, renames and deletes a file, and deletes the site, seeing where they are', async () => {
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  const complaints: string[] = []
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
  /** Tabs until the element that has the focus is called so; what has it is seen each time. */
  const reach = (wanted: RegExp) => until(String(wanted), async () => {
    await page.keyboard.press('Tab')
    const { name, seen } = await page.evaluate(FOCUSED) as { name: string; seen: boolean }
    assert.ok(seen || name === '', `"${name}" has the focus and doesn't show it`)
    return wanted.test(name)
  })
  await page.goto(url)
  await reach(/^What should it be called/)
  await page.keyboard.type('typist')
  await page.waitForSelector('.field.free')
  await page.keyboard.press('Enter')
  await page.waitForURL(/signup/)
  await reach(/^Username/)
  await page.keyboard.type('typist')
  await reach(/^Password/)
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/sites\?name=/)
  await page.waitForSelector('.field.free')
  await reach(/^Reserve$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/sites\/typist/)
  await reach(/^Drop a folder or a zip here/)
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')])
  await chooser.setFiles({ name: 'site.zip', mimeType: 'application/zip', buffer: await zipOf({ 'index.html': 'hand made' }) })
  await reach(/^Put it live$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=deployed/)
  assert.equal(await live('typist.localhost'), 'hand made')
  await reach(/^Files$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/files/)
  await reach(/^Name$/)
  await page.keyboard.type('hello.txt')
  await page.keyboard.press('Enter')
  await page.waitForURL(/files\/edit/)
  await reach(/^Content of hello\.txt$/)
  await page.keyboard.type('typed')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByText('Saved.', { exact: true }).waitFor()
  assert.equal(await live('typist.localhost', '/hello.txt'), 'typed')
  await reach(/^New name/)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('bye.txt')
  await page.keyboard.press('Enter')
  await page.waitForURL(/bye\.txt/)
  await reach(/^Delete$/)
  await page.keyboard.press('Enter')
  await reach(/^Delete bye\.txt$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=file_removed/)
  await reach(/^Settings$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/settings/)
  await reach(/type typist/)
  await page.keyboard.type('typist')
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=deleted/)
  assert.deepEqual(complaints, [])
})

test('without JavaScript somebody signs up, puts a zip live, brings the earlier release back and deletes the site', async () => {
  const page = await (await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false })).newPage()
  await page.goto(url)
  await page.getByLabel('What should it be called?').fill('plain')
  await page.getByRole('button', { name: 'Take this room' }).click()
  await page.getByLabel('Username').fill('plain')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create my account' }).click()
  await page.getByRole('button', { name: 'Reserve', exact: true }).click()
  for (const text of ['first', 'second']) {
    await page.getByLabel('Drop a folder or a zip here').setInputFiles({ name: 'site.zip', mimeType: 'application/zip', buffer: await zipOf({ 'index.html': text }) })
    await page.getByRole('button', { name: 'Put it live' }).click()
    await page.getByText('Live. Go and look.').waitFor()
    assert.equal(await live('plain.localhost'), text)
  }
  await page.getByRole('button', { name: 'Go back to this one' }).first().click()
  await page.getByText('The earlier release is live again.').waitFor()
  assert.equal(await live('plain.localhost'), 'first')
  await page.getByRole('link', { name: 'Settings' }).click()
  for (const typed of ['plan', 'plain']) {
    await page.getByLabel('To be sure, type plain').fill(typed)
    await page.getByRole('button', { name: 'Delete this site' }).click()
    await page.getByText(typed === 'plain' ? 'Deleted. For 30 days' : 'That is not the name of this site.').waitFor()
  }
  assert.equal((await house.visit('plain.localhost')).status, 404)
})
