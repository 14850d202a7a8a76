// Takes a picture of each page of a site from a running house: node docs/screenshots.ts URL USERNAME PASSWORD SITE. Needs Debian's chromium.
import { mkdirSync } from 'node:fs'
import { chromium, type BrowserContextOptions } from 'playwright-core'

const [url = '', username = '', password = '', site = ''] = process.argv.slice(2)
const PAGES = { overview: '', files: '/files', editor: '/files/edit?path=html%2Findex.html', console: '/console', logs: '/logs?source=access', database: '/database', domains: '/domains', backup: '/backup', settings: '/settings' }
const LOOKS: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1180, height: 860 }, colorScheme: 'light', locale: 'en-GB' },
  dark: { viewport: { width: 1180, height: 860 }, colorScheme: 'dark', locale: 'en-GB' },
  phone: { viewport: { width: 390, height: 800 }, colorScheme: 'light', locale: 'fr-FR' },
}
const directory = new URL('./screenshots/', import.meta.url).pathname
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
mkdirSync(directory, { recursive: true })

for (const [look, options] of Object.entries(LOOKS)) {
  const page = await (await browser.newContext(options)).newPage()
  await page.goto(`${url}/signin`)
  await page.fill('#username', username)
  await page.fill('#password', password)
  await page.click('main button')
  await page.waitForURL(/\/sites/)
  for (const [name, path] of Object.entries(PAGES)) {
    const answer = await page.goto(`${url}/sites/${site}${path}`)
    if (answer?.status() !== 200) continue
    if (name === 'console') {
      await page.click('#open')
      await page.locator('.xterm textarea:focus').waitFor({ state: 'attached' })
      await page.keyboard.type('id; ls /; free -h\n')
      await page.locator('.xterm-rows', { hasText: /uid=0.*Mem:/s }).waitFor()
    }
    await page.screenshot({ path: `${directory}${name}-${look}.jpg`, type: 'jpeg', quality: 80, fullPage: name !== 'console' })
  }
}
await browser.close()
