// A person with a browser: signs up, reserves a name, sees the site's page change as they watch, drops a zip; an administrator watches the table.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../../helpers/browser.ts'
import { openPods } from '../../helpers/pods.ts'
import { until } from '../../helpers/patience.ts'
import { openHouse, PASSWORD } from './house.ts'
import { talking, ZIP } from './uploads.ts'

const browser = await openBrowser({ after })
const house = await openHouse({}, openPods)
after(house.close)
const url = `http://localhost:${house.port}`

/** A page in a profile of its own, and what it complains of. */
async function open(): Promise<{ page: Page; complaints: string[] }> {
  const complaints: string[] = []
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
  return { page, complaints }
}

async function signUp(page: Page, url: string, username: string): Promise<void> {
  await page.goto(`${url}/signup`)
  await page.fill('#username', username)
  await page.fill('#password', PASSWORD)
  await page.click('main button')
  await page.waitForURL(/\/sites/)
}

test('someone signs up from the front page, reserves a name and watches the site wake', async () => {
  const { page, complaints } = await open()
  await page.goto(url)
  await page.fill('#name', 'www')
  await page.waitForSelector('.field.wrong')
  await page.fill('#name', 'blog')
  await page.waitForSelector('.field.free')
  await page.click('.take button')
  await page.fill('#username', 'alice')
  await page.fill('#password', PASSWORD)
  await page.click('main button')
  await page.waitForURL(/\/sites\?name=blog/)
  await page.waitForSelector('.field.free')
  await page.click('.reserve button')
  await page.waitForURL(/\/sites\/blog/)
  assert.equal(await page.textContent('h1'), 'blog')
  assert.equal(await page.getAttribute('.address a', 'href'), `http://blog.localhost:${house.port}/`)
  await page.waitForSelector('.door-plate[data-state="asleep"]')
  const alice = house.registry.accounts.byName('alice')
  assert.ok(alice)
  await house.desk.wake(alice, 'blog')
  await page.waitForSelector('.door-plate[data-state="running"] .window[data-state="running"]')
  assert.equal(await page.textContent('.door-plate .state-word'), 'Awake')
  assert.equal(await page.isDisabled('form[action$="/wake"] button'), true)
  await page.setInputFiles('#file', { name: 'site.zip', mimeType: 'application/zip', buffer: talking('<img src=x onerror=alert(1)>\n') })
  await page.click('form[data-upload] button')
  await page.waitForURL(/done=deployed/)
  assert.equal(await page.textContent('.releases .mono'), (await house.desk.view('blog')).release)
  assert.equal(await house.page('blog'), 'hello')
  await page.getByRole('link', { name: 'Log', exact: true }).click()
  await page.click('[data-follow]')
  await page.locator('#log', { hasText: 'onerror' }).waitFor()
  assert.equal(await page.locator('#log img').count(), 0)
  assert.deepEqual(complaints, [])
  await page.close()
})

test('settings are changed by keyboard alone, found by their labels, and an error is told where the cursor is', async () => {
  const { page, complaints } = await open()
  await signUp(page, url, 'erin')
  const erin = house.registry.accounts.byName('erin')
  assert.ok(erin)
  await house.desk.createSite(erin, { name: 'craft', owner: erin })
  await page.goto(`${url}/sites/craft/settings`)
  await page.getByLabel('Variables').fill('STAGE=test')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Save the environment')
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=saved/)
  await page.getByLabel('Robots wake this site, too').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=robots/)
  await page.getByLabel('memory_limit', { exact: true }).fill('much')
  await page.keyboard.press('Enter')
  await page.locator('[role=alert]').waitFor()
  assert.equal(await page.evaluate('document.activeElement.id'), 'php-memory_limit')
  assert.match(await page.locator('[id="php-memory_limit-hint"]').textContent() ?? '', /8M to 64G/)
  await page.getByLabel('memory_limit', { exact: true }).fill('64M')
  await page.keyboard.press('Enter')
  await page.waitForURL(/done=saved/)
  const { env, php, wakeForRobots } = await house.desk.view('craft')
  assert.deepEqual({ env, php, wakeForRobots }, { env: { STAGE: 'test' }, php: { memory_limit: '64M' }, wakeForRobots: true })
  assert.deepEqual(complaints.filter(text => !text.includes('422')), [])
})

test('a backup is downloaded from the site\'s page, dropped back in, and a deleted site brought back', async () => {
  const { page } = await open()
  await signUp(page, url, 'frank')
  const frank = house.registry.accounts.byName('frank')
  assert.ok(frank)
  await house.desk.createSite(frank, { name: 'kept', owner: frank })
  await house.desk.deploy(frank, 'kept', 'zip', Readable.from([ZIP]))
  await page.goto(`${url}/sites/kept/backup`)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Download a backup').click()])
  assert.equal(download.suggestedFilename(), 'kept.tar.gz')
  await house.desk.deploy(frank, 'kept', 'zip', Readable.from([talking('')]))
  await page.setInputFiles('#backup-file', await download.path())
  await page.getByText('Restore it', { exact: true }).click()
  await page.waitForURL(/done=restored/)
  assert.equal(await house.page('kept'), 'hello')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('To be sure, type kept').fill('kept')
  await page.getByText('Delete this site').click()
  await page.waitForURL(/done=deleted/)
  await page.getByText('Deleted sites (1)').click()
  await page.getByLabel('Bring back kept').click()
  await page.waitForURL(/\/sites\/kept\?done=revived/)
  assert.equal(await house.page('kept'), 'hello')
})

test('a file that is no archive is refused where it was dropped', async () => {
  const { page } = await open()
  await signUp(page, url, 'carol')
  const carol = house.registry.accounts.byName('carol')
  assert.ok(carol)
  await house.desk.createSite(carol, { name: 'draft', owner: carol })
  await page.goto(`${url}/sites/draft`)
  await page.evaluate(`{
    const data = new DataTransfer()
    data.items.add(new File(['not an archive'], 'notes.txt'))
    document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }`)
  await page.waitForSelector('.drop.wrong')
  assert.match(await page.textContent('#file-hint') ?? '', /neither a zip nor a tar\.gz/)
})

test('the administrator\'s table changes as sites come, wake and go', async () => {
  const { page, complaints } = await open()
  await signUp(page, url, 'boss')
  const boss = house.registry.accounts.byName('boss')
  assert.ok(boss)
  house.registry.accounts.setRole(boss.id, 'admin')
  await page.goto(`${url}/admin`)
  await page.waitForSelector('#live:not([hidden])')
  await house.desk.createSite(boss, { name: 'desk', owner: boss })
  await page.waitForSelector('tr[data-host="desk.localhost"] .state[data-state="asleep"]')
  await house.desk.wake(boss, 'desk')
  await page.waitForSelector('tr[data-host="desk.localhost"] .state[data-state="running"]')
  await page.fill('#filter', 'desk')
  await until('one row is left', async () => (await page.locator('#routes tbody tr').count()) === 1)
  await page.fill('#filter', '')
  await page.click('th[data-column="host"] a')
  await page.locator('#routes tbody tr:first-child[data-host="localhost"]').waitFor()
  await house.desk.deleteSite(boss, 'desk')
  await page.waitForSelector('tr[data-host="desk.localhost"]', { state: 'detached' })
  assert.deepEqual(complaints, [])
})
