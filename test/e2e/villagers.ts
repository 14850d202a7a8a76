// A house in a village of network namespaces, worked by its command line. Used by the tests of the IPv6 network.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import type { TestHouse } from '../helpers/house.ts'
import { DOORS, HOUSE, ZONE } from '../helpers/village.ts'

const PAGE = '<?php echo $_SERVER["HTTP_HOST"], " sees ", $_SERVER["REMOTE_ADDR"];'
/** The options of a house in the village whose sites have addresses of their own. */
export const PREFIXED = [...DOORS, '--ipv6-prefix', HOUSE.prefix]
export type Row = { host: string; ipv4: string[]; ipv6: string[]; state: string | null; upstream: string | null }

/** What a command of the house prints; it must succeed. */
export async function ok(house: TestHouse, ...args: (string | { input: string })[]): Promise<string> {
  const { code, stdout, stderr } = await house.auberge(...args)
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}

/** An account with a site that says whom it sees, or has other files. */
export async function settle(t: TestContext, house: TestHouse, name: string, files: Record<string, string> = { 'index.php': PAGE }): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/aub-page-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) writeFileSync(`${directory}/${file}`, text)
  await ok(house, 'account', 'create', name, '--password-stdin', { input: `the ${name} sleeps well\n` })
  await ok(house, 'site', 'create', name, '--owner', name)
  await ok(house, 'site', 'deploy', name, directory)
}

/** The routing table by host. */
export const rows = async (house: TestHouse) => new Map((JSON.parse(await ok(house, 'routes', '--json')) as Row[]).map(row => [row.host, row]))
/** A site's own IPv6 address. */
export const addressOf = async (house: TestHouse, name: string) => (await rows(house)).get(`${name}.${ZONE}`)?.ipv6[0] ?? ''
