// Every page in Chromium, light and dark: axe-core finds nothing serious, and each page is under 100 KB in all.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { openBrowser } from '../../helpers/browser.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse } from './house.ts'
import { furnish, profile, STOPS, type Stop, type Who } from './tour.ts'

/** Bytes of a page with its styles, scripts and pictures, unpacked. */
const BUDGET = 100_000

const browser = await openBrowser({ after })
const house = await openHouse({}, openPods)
after(house.close)
await furnish(house)
const url = `http://localhost:${house.port}`

type Found = { id: string; impact?: string | null; help: string; nodes: { html: string; failureSummary?: string }[] }

/** In the dark only what is seen differs. */
async function serious(page: Page, colorScheme: 'light' | 'dark'): Promise<string[]> {
  await page.evaluate(axe.source)
  const only = colorScheme === 'dark' ? ', runOnly: ["color-contrast"]' : ''
  const violations = await page.evaluate(`axe.run(document, { resultTypes: ["violations"]${only} }).then(found => found.violations)`) as Found[]
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(node => `${node.html.slice(0, 200)} ${node.failureSummary?.slice(0, 200)}`).join(' | ')}`)
}

/** Bytes of all that comes until the page has loaded; what it keeps listening to isn't part of it. */
function weigh(page: Page): () => Promise<number> {
  const bodies: Promise<number>[] = []
  page.on('response', response => {
    if (['document', 'stylesheet', 'script', 'image', 'font'].includes(response.request().resourceType())) bodies.push(response.body().then(body => body.length, () => 0))
  })
  return async () => (await Promise.all(bodies)).reduce((sum, size) => sum + size, 0)
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const who of ['stranger', 'alice', 'boss'] satisfies Who[]) {
    test(`no page of ${who}'s has a serious barrier in the ${colorScheme}, or weighs too much`, async () => {
      const context = await profile(browser, url, who, { colorScheme, reducedMotion: 'reduce' })
      const stops: Stop[] = STOPS.filter(stop => stop.who === who)
      if (who === 'alice') stops.push(...await sections(await context.newPage()))
      const wrong: Record<string, unknown> = {}
      for (const { name, path, act } of stops) {
        const page = await context.newPage()
        const weight = weigh(page)
        await page.goto(`${url}${path}`)
        const bytes = await weight()
        await act?.(page)
        const barriers = await serious(page, colorScheme)
        if (barriers.length > 0) wrong[name] = barriers
        if (bytes > BUDGET) wrong[`${name} weighs`] = bytes
        await page.close()
      }
      await context.close()
      assert.deepEqual(wrong, {})
    })
  }
}

/** The sections of a site's page, as its tabs lead to them; a terminal and an editor are looked at by their own tests. */
async function sections(page: Page): Promise<Stop[]> {
  await page.goto(`${url}/sites/bakery`)
  const paths = await page.locator('.tabs a').evaluateAll('links => links.map(link => link.getAttribute("href"))') as unknown as string[]
  await page.close()
  return (paths ?? []).filter(path => !/\/(files|console)/.test(path)).map(path => ({ name: path, path, who: 'alice' as const }))
}
