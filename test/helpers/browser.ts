// Debian's Chromium, headless, for tests of pages; resolves *.localhost by itself, as every browser does.
import { chromium, type Browser } from 'playwright-core'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']

/** A browser that is closed after the test. */
export async function openBrowser(t: { after(close: () => Promise<void>): void }, { env, args = [] }: { env?: NodeJS.ProcessEnv; args?: string[] } = {}): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...FLAGS, ...args], ...(env ? { env: env as Record<string, string> } : {}) })
  t.after(() => browser.close())
  return browser
}
