// Suspending and resuming an account's sites: visitors read why, pods sleep. Called by front.ts.
import type { Account } from '../../registry/types.ts'
import type { Parts } from './parts.ts'
import type { Sleeps } from './sleeps.ts'

type SuspendParts = Pick<Parts, 'registry' | 'states' | 'relays' | 'table'> & { sleeps: Sleeps }

/** Resolves when every relay answers for the account's sites as the registry says, and (suspended) all its pods sleep. */
export async function followAccount(parts: SuspendParts, { id, suspended }: Account): Promise<void> {
  const names = parts.registry.sites.list(id).map(site => site.name)
  for (const name of names) parts.states.change(name, { suspended })
  await parts.relays.settled(parts.table.version)
  if (suspended === null) return
  const outcomes = await Promise.allSettled(names.map(name => parts.sleeps.sleep(name, 'asleep', { force: true })))
  for (const one of outcomes) if (one.status === 'rejected') throw one.reason
}
