// Final backups of deleted sites: whose each is, and how many an account may have. Called by ../revive.ts and ../remove.ts.
// The provisioner keeps them by name; a name that rests is its last owner's alone for as long, so whose a backup is needs no list of its own.
import type { Account } from '../../../registry/types.ts'
import type { FinalView } from '../../desk.ts'
import { pods, type Parts } from '../parts.ts'

/** Final backups an account has at most: beyond that its oldest go. */
const MOST = 20

type FinalParts = Pick<Parts, 'registry' | 'provisioner'>

/** All of them, the newest first. */
export async function finals(parts: FinalParts): Promise<FinalView[]> {
  if (!parts.provisioner) return []
  return (await parts.provisioner.finalBackups()).map(backup => ({ ...backup, owner: lastOwner(parts, backup.name)?.username ?? null }))
}

/** Who held a name last; null where it doesn't rest, or the account is gone. */
export function lastOwner({ registry }: Pick<Parts, 'registry'>, name: string): Account | null {
  const owner = registry.reservations.lastOwner(name)
  return owner === null ? null : registry.accounts.get(owner)
}

/** Removes the oldest of an account that has too many. */
export async function boundFinals(parts: FinalParts, owner: number): Promise<void> {
  const own = (await finals(parts)).filter(({ name }) => parts.registry.reservations.lastOwner(name) === owner)
  for (const { id } of own.slice(MOST)) await pods(parts).dropFinalBackup(id)
}
