// Who gives way when memory is short: the sites to put to sleep, in their order. Pure; asked by admission.ts.

/** Milliseconds after its last use in which a site that runs is spared, if its account is within its share. */
const GRACE = 2_000

/** A site that could be put to sleep: frozen, or running with nobody using it. `usedAt`: epoch milliseconds. */
export type Sleeper = { name: string; owner: number; bytes: number; state: 'frozen' | 'running'; usedAt: number }

/** Bytes that accounts hold together, with what is about to be added to one of them, by account id. */
export type Shares = Map<number, number>

/** An equal part of the budget for each account that holds anything. */
export function fairShare(budget: number, shares: Shares): number {
  return budget / Math.max(1, shares.size)
}

/**
 * The order in which sleepers give way to a site of the account `wanting` (null: to nobody in particular). An account that holds more than its
 * share gives first: the wanting one before all others. Among equals frozen sites go first, then idle ones, each the least recently used first.
 * An account beyond its share takes nothing that runs from one within; nobody takes what was used a moment ago.
 */
export function inOrder(sleepers: Sleeper[], shares: Shares, budget: number, wanting: number | null): Sleeper[] {
  const share = fairShare(budget, shares)
  const isOver = (owner: number | null): boolean => owner !== null && (shares.get(owner) ?? 0) > share
  const rank = ({ owner }: Sleeper): number => (!isOver(owner) ? 2 : owner === wanting ? 0 : 1)
  const may = ({ owner, state, usedAt }: Sleeper): boolean => state === 'frozen' || isOver(owner) || (!isOver(wanting) && Date.now() - usedAt >= GRACE)
  const depth = ({ state }: Sleeper): number => (state === 'frozen' ? 0 : 1)
  return sleepers.filter(may).sort((a, b) => rank(a) - rank(b) || depth(a) - depth(b) || a.usedAt - b.usedAt)
}

/** The first sleepers that together hold `missing` bytes; all of them where they don't. */
export function enough(sleepers: Sleeper[], missing: number): Sleeper[] {
  let freed = 0
  return sleepers.filter(one => {
    if (freed >= missing) return false
    freed += one.bytes
    return true
  })
}
