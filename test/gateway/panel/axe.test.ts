// Every page in Chromium, light and dark: axe-core finds nothing serious, and each page is under 100 KB in all.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { openBrowser } from '../../helpers/browser.ts'
import { openLivedIn, profile, STOPS, type Stop, type Who } from './tour.ts'

/** Bytes of a page with its styles, scripts and pictures, unpacked; a terminal is more than all the rest. */
const BUDGET = 100_000
const TERMINAL = 450_000
/** Pages looked at side by side. */
const TABS = 3

const browser = await openBrowser({ after })
const house = await openLivedIn()
after(house.close)
const url = `http://localhost:${house.port}`

type Found = { id: string; impact?: string | null; help: string; nodes: { html: string; failureSummary?: string }[] }

/** In the dark only colours differ. */
async function serious(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const light = await violations(page, '')
  await page.emulateMedia({ colorScheme: 'dark' })
  return [...light, ...await violations(page, ', runOnly: ["color-contrast"]')]
}

async function violations(page: Page, only: string): Promise<string[]> {
  const found = await page.evaluate(`axe.run(document, { resultTypes: ["violations"], preload: false, iframes: false${only} }).then(found => found.violations)`) as Found[]
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(node => `${node.html.slice(0, 200)} ${node.failureSummary?.slice(0, 200)}`).join(' | ')}`)
}

/** Bytes of all that comes until the page has loaded; what it keeps listening to isn't part of it. */
function weigh(page: Page): () => Promise<number> {
  const bodies: Promise<number>[] = []
  page.on('response', response => {
    if (['document', 'stylesheet', 'script', 'image', 'font'].includes(response.request().resourceType())) bodies.push(response.body().then(body => body.length, () => 0))
  })
  return async () => (await Promise.all(bodies)).reduce((sum, size) => sum + size, 0)
}

/** What is wrong with a page, by name. */
async function look(page: Page, { name, path, act }: Stop): Promise<Record<string, unknown>> {
  const weight = weigh(page)
  const status = (await page.goto(`${url}${path}`))?.status()
  const bytes = await weight()
  await act?.(page)
  const barriers = await serious(page)
  await page.close()
  return { ...(status !== (name === 'not-found' ? 404 : 200) && { [`${name} answers`]: status }), ...(barriers.length > 0 && { [name]: barriers }), ...(bytes > (path.endsWith('/console') ? TERMINAL : BUDGET) && { [`${name} weighs`]: bytes }) }
}

for (const who of ['stranger', 'alice', 'boss'] satisfies Who[]) {
  test(`no page of ${who}'s has a serious barrier, light or dark, or weighs too much`, async () => {
    const context = await profile(browser, url, who, { reducedMotion: 'reduce' })
    const left = STOPS.filter(stop => stop.who === who)
    const wrong: Record<string, unknown> = {}
    const tab = async (): Promise<void> => {
      for (let stop = left.shift(); stop !== undefined; stop = left.shift()) Object.assign(wrong, await look(await context.newPage(), stop))
    }
    await Promise.all(Array.from({ length: TABS }, tab))
    await context.close()
    assert.deepEqual(wrong, {})
  })
}

test('every section of a site is looked at', async () => {
  const context = await profile(browser, url, 'alice')
  const page = await context.newPage()
  await page.goto(`${url}/sites/bakery`)
  const paths = await page.evaluate('[...document.querySelectorAll(".tabs a")].map(link => link.getAttribute("href"))') as string[]
  await context.close()
  assert.ok(paths.length > 5)
  assert.deepEqual(paths.filter(path => !STOPS.some(stop => stop.path === path)), [])
})
