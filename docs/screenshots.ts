// Pictures of every page, each light and dark, wide and on a phone (there in French, too), in one file a page: node docs/screenshots.ts [NAME…] [--to FOLDER].
// The house is that of test/gateway/panel/tour.ts. Needs root (real pods) and Debian's chromium.
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../test/helpers/browser.ts'
import { openLivedIn, profile, STOPS, type Stop, type Who } from '../test/gateway/panel/tour.ts'

const { values: { to: folder = new URL('./screenshots/', import.meta.url).pathname }, positionals: wanted } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true })
const WIDE = { width: 1240, height: 860 }
const PHONE = { width: 390, height: 860 }
const VIEWS = [
  { colorScheme: 'light', viewport: WIDE }, { colorScheme: 'dark', viewport: WIDE }, { colorScheme: 'light', viewport: PHONE }, { colorScheme: 'dark', viewport: PHONE, locale: 'fr-FR' },
] as const
/** Of a page that is longer. */
const TALLEST = 1900

const closers: (() => Promise<unknown>)[] = []
const after = { after: (close: () => Promise<void>) => { closers.unshift(close) } }
const house = await openLivedIn()
closers.unshift(house.close)
try {
  await takeAll(await openBrowser(after), `http://localhost:${house.port}`)
} finally {
  for (const close of closers) await close()
}

async function takeAll(browser: Browser, url: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const who of ['stranger', 'alice', 'boss'] satisfies Who[]) {
    const stops = STOPS.filter(stop => stop.who === who && (wanted.length === 0 || wanted.includes(stop.name)))
    if (stops.length === 0) continue
    const contexts = await Promise.all(VIEWS.map(view => profile(browser, url, who, { ...view, reducedMotion: 'reduce' })))
    for (const stop of stops) await take(browser, url, stop, contexts)
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
    pictures.push(await picture(page))
    await page.close()
  }
  const sheet = await browser.newPage({ viewport: { width: 1660, height: 440 } })
  const images = pictures.map((each, index) => `<img src="data:image/png;base64,${each}" width="${VIEWS[index]!.viewport.width / 2}" style="border-radius:6px;box-shadow:0 0 0 1px #0003">`)
  await sheet.setContent(`<body style="margin:5px;display:flex;gap:8px;align-items:start;background:#8a8580">${images.join('')}</body>`)
  await sheet.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  await sheet.close()
}

async function picture(page: Page): Promise<string> {
  const { width, height } = await page.evaluate('({ width: innerWidth, height: Math.max(innerHeight, document.documentElement.scrollHeight) })') as { width: number; height: number }
  return (await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, TALLEST) } })).toString('base64')
}
