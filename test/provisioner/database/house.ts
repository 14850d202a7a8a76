// Houses whose sites have databases, for the tests of databases: the server's image is made sure of, and PHP in a pod speaks to it.
import type { TestContext } from 'node:test'
import type { SiteSpec } from '../../../provisioner/api.ts'
import { execInPod } from '../../../provisioner/container.ts'
import { ensureImage } from '../../../provisioner/images/build.ts'
import type { Host } from '../../../provisioner/host.ts'
import { run } from '../../../provisioner/run.ts'
import { until } from '../../helpers/patience.ts'
import { house, spec, type RuntimeName } from '../house.ts'

export const password = (name: string) => `${name.replaceAll('-', '')}${'x'.repeat(30)}`

/** A site's specification with a database. */
export const withDatabase = (name: string, change: Partial<SiteSpec['limits']> = {}): SiteSpec => ({ ...spec(change), database: { password: password(name) } })

/** Resolves once the database server of the house accepts statements. */
export const up = (host: Host) => until('the database server is up', () => host.database.isUp, 60_000)

/** A house with these sites, awake, and the database server up. */
export const databaseHouse = (t: TestContext, ...names: string[]) => houseOn(t, 'crun', ...names)

/** The same on a runtime; runc can't run PHP in a pod for us. */
export async function houseOn(t: TestContext, runtime: RuntimeName, ...names: string[]) {
  await ensureImage('mariadb', () => {})
  const one = await house(t, runtime)
  for (const name of names) await one.client.create(name, withDatabase(name))
  if (names.length > 0) await up(one.host)
  for (const name of names) await one.client.wake(name)
  return one
}

/** What PHP prints in a site's pod; `$db` is its database, connected as its environment says. An error's message is printed, too. */
export function php(host: Host, name: string, code: string): Promise<string> {
  const connect = "$db = new mysqli(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), (int) getenv('DB_PORT'));"
  return bare(host, name, `${connect} ${code}`)
}

/** The same without a connection. */
export function bare(host: Host, name: string, code: string): Promise<string> {
  return run(execInPod(host, name, { command: ['php', '-r', `try { ${code} } catch (Throwable $e) { echo $e->getMessage(); }`] }), { ok: [255] })
}
