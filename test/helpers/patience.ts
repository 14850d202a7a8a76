// Waiting for something to become true, where no event says so: asked again at short intervals, with a deadline.
import { setTimeout as pause } from 'node:timers/promises'

/** Resolves with the first answer of `ask` that isn't null, undefined or false. Throws after `deadline` milliseconds. */
export async function until<T>(what: string, ask: () => Promise<T | null | undefined | false> | T | null | undefined | false, deadline = 20_000): Promise<T> {
  const end = performance.now() + deadline
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(20)
  }
}
