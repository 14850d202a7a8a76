// The ways to prove a name, one after the other: what one port doesn't let through another may. Called by schedule.ts.
import type { ChallengeType, Solver } from './challenge.ts'
import { Refusal } from './refusal.ts'

/** What says that the server saw something else than we showed, or nothing: elsewhere it may see it. All other refusals are of the name, or of us. */
const UNSEEN = new Set(['connection', 'incorrectResponse', 'tls', 'unauthorized', 'unoffered'])

/** The way that worked last comes first. */
export function inOrder(solvers: readonly Solver[], last: ChallengeType | null): Solver[] {
  return [...solvers].sort((a, b) => Number(b.type === last) - Number(a.type === last))
}

/** Tries each way once until one works. Throws what the last was refused for, and tells of those before. */
export async function byAny<T>(solvers: readonly Solver[], attempt: (solver: Solver) => Promise<T>): Promise<T> {
  const before: string[] = []
  for (const solver of solvers) {
    try {
      return await attempt(solver)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!UNSEEN.has(error.type) || solver === solvers.at(-1)) throw after(before, error)
      before.push(`by ${solver.type}: ${error.message}`)
    }
  }
  throw new Refusal({ type: 'ours', message: 'there is no way to prove it' })
}

function after(before: string[], { type, said, retryAt, cause }: Refusal): Refusal {
  return new Refusal({ type, message: [...before, said].join('; then '), retryAt, cause })
}
