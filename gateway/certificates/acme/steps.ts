// The steps of an order, and what all of them work with. Used by order.ts and authorizations.ts.
import { setTimeout as pause } from 'node:timers/promises'
import type { Account } from './account.ts'
import { Refusal } from './refusal.ts'
import type { Transport } from './transport.ts'

/** In this order. Tests kill the process at each. */
export const STEPS = ['begun', 'ordered', 'presented', 'answered', 'validated', 'cleaned', 'finalized', 'downloaded', 'kept'] as const
export type Step = (typeof STEPS)[number]

/** Milliseconds: the first pause between two looks, the longest, and how long one state may last. */
export type Patience = { first: number; most: number; deadline: number }

/** `what`: what is ordered, for people. `reached` hears of each step when it is done. */
export type OrderParts = {
  account: Account; transport: Transport; server: string; what: string; patience: Patience; reached: (step: Step) => void; signal: AbortSignal; now: () => number
}

/** Looks again and again, as the server says with Retry-After or less and less often, until there is something or the deadline is over. */
export async function poll<T>({ patience, signal, now, what }: OrderParts, look: () => Promise<{ done: T } | { retryAt: number | null }>): Promise<T> {
  const end = performance.now() + patience.deadline
  for (let wait = patience.first; ; wait = Math.min(patience.most, 2 * wait)) {
    const seen = await look()
    if ('done' in seen) return seen.done
    const next = Math.max(wait, (seen.retryAt ?? 0) - now())
    if (performance.now() + next > end) throw new Refusal({ type: 'slow', message: `${what}: the ACME server has not come to an end in time; it is looked at again later` })
    await pause(next, undefined, { signal })
  }
}
