// Makes the README's pictures from a running house: node docs/pictures.ts URL ADMIN PASSWORD. Needs Debian's chromium.
import { chromium, type Browser, type Page } from 'playwright-core'

const [url = '', username = '', password = ''] = process.argv.slice(2)
const WIDE = { width: 1360, height: 620 }
const directory = new URL('./pictures/', import.meta.url).pathname
const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })

await picture('signup', 'light', page => page.goto(`${url}/signup`))
await picture('front', 'light', page => page.goto(url))
await picture('routes', 'light', signedIn('/admin'), WIDE)
await browser.close()

function signedIn(path: string) {
  return async (page: Page): Promise<void> => {
    await page.goto(`${url}/signin`)
    await page.fill('#username', username)
    await page.fill('#password', password)
    await page.click('main button')
    await page.waitForURL(/\/sites|\/admin/)
    await page.goto(`${url}${path}`)
  }
}

async function picture(name: string, colorScheme: 'light' | 'dark', visit: (page: Page) => Promise<unknown>, viewport = { width: 1180, height: 720 }): Promise<void> {
  const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB' })
  const page = await context.newPage()
  await visit(page)
  await page.screenshot({ path: `${directory}${name}.png` })
  await context.close()
}
