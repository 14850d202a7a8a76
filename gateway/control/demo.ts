// The site `hello` of `auberge up --demo`: made once, a page that says that PHP runs in a pod. Called by main.ts.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import type { Account } from '../../registry/types.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Desk } from '../desk.ts'

const NAME = 'hello'
const DONE = 'demo.made'
const PAGE = `${import.meta.dirname}/demo.php`

/** Makes and fills `hello` unless it was made before, even if it was deleted since. */
export async function makeDemo({ registry, desk }: { registry: Registry; desk: Desk }): Promise<void> {
  if (registry.settings.get(DONE) !== null) return
  const owner = await demoOwner(registry)
  if (registry.reservations.get(NAME) === null) await desk.createSite(owner, { name: NAME, owner })
  const tar = pack()
  tar.entry({ name: 'index.php' }, readFileSync(PAGE))
  tar.finalize()
  await desk.deploy(owner, NAME, 'tar.gz', tar.pipe(createGzip()))
  registry.settings.set(DONE, new Date().toISOString())
}

/** The first admin, or an account that nobody can sign in to, for nobody knows its password. */
async function demoOwner({ accounts }: Registry): Promise<Account> {
  const admin = accounts.list().find(account => account.role === 'admin')
  return admin ?? accounts.byName('demo') ?? await accounts.create({ username: 'demo', password: randomBytes(32).toString('base64') })
}
