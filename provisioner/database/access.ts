// How a site reaches its database. Called wherever a site's containers are made and by pod.ts.
import type { DatabaseAccess } from '../api.ts'
import { DATABASE_PORT } from '../firewall.ts'
import type { Host } from '../host.ts'
import { databaseLink } from '../instance.ts'
import { isDatabaseName } from './accounts.ts'

/** Null for a site that has none. */
export function accessOf(host: Host, name: string): DatabaseAccess | null {
  const { database } = host.states.site(name).spec
  if (database === null || !isDatabaseName(name)) return null
  return { host: databaseLink(host.instance).pod, port: DATABASE_PORT, name, user: name, password: database.password }
}
