// Pictures of every page but a site's own, each light and dark, wide and on a phone, in one file a page: node docs/panel-screenshots.ts. Needs root (real pods) and Debian's chromium.
import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContext } from 'playwright-core'
import { openBrowser } from '../test/helpers/browser.ts'
import { openPods } from '../test/helpers/pods.ts'
import { openHouse } from '../test/gateway/panel/house.ts'
import { furnish, profile, STOPS, type Stop, type Who } from '../test/gateway/panel/tour.ts'

const folder = new URL('./screenshots/', import.meta.url).pathname
const wanted = process.argv.slice(2)
const VIEWS = [
  { colorScheme: 'light', viewport: { width: 1240, height: 860 } }, { colorScheme: 'dark', viewport: { width: 1240, height: 860 } },
  { colorScheme: 'light', viewport: { width: 390, height: 860 } }, { colorScheme: 'dark', viewport: { width: 390, height: 860 } },
] as const

const closers: (() => Promise<void>)[] = []
const after = { after: (close: () => Promise<void>) => { closers.unshift(close) } }
const house = await openHouse({}, openPods)
closers.unshift(house.close)
try {
  await furnish(house)
  await takeAll(await openBrowser(after), `http://localhost:${house.port}`)
} finally {
  for (const close of closers) await close()
}

async function takeAll(browser: Browser, url: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const who of ['stranger', 'alice', 'boss'] satisfies Who[]) {
    const contexts = await Promise.all(VIEWS.map(view => profile(browser, url, who, { ...view, reducedMotion: 'reduce' })))
    for (const stop of STOPS.filter(stop => stop.who === who && stop.name !== 'site' && (wanted.length === 0 || wanted.includes(stop.name)))) await take(browser, url, stop, contexts)
    for (const context of contexts) await context.close()
  }
}

/** All four views beside each other, at half their size. */
async function take(browser: Browser, url: string, { name, path, act }: Stop, contexts: BrowserContext[]): Promise<void> {
  const pictures: string[] = []
  for (const context of contexts) {
    const page = await context.newPage()
    await page.goto(`${url}${path}`)
    await act?.(page)
    pictures.push((await page.screenshot()).toString('base64'))
    await page.close()
  }
  const sheet = await browser.newPage({ viewport: { width: 1660, height: 440 } })
  const images = pictures.map(picture => `<img src="data:image/png;base64,${picture}" style="height:430px;border-radius:6px;box-shadow:0 0 0 1px #0003">`)
  await sheet.setContent(`<body style="margin:5px;display:flex;gap:8px;background:#8a8580">${images.join('')}</body>`)
  await sheet.screenshot({ path: `${folder}${name}.png` })
  await sheet.close()
}
