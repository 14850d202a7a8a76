// What a step of set-up is, and going through them. Called by cli/up.ts, cli/main.ts and doctor.
import type { Say } from '../progress.ts'

export type Step = {
  name: string
  /** What is missing, in words; null when there is nothing to do. Quick, and changes nothing. */
  check(): Promise<string | null>
  /** Does what is missing. Throws AubergeErrors. */
  mend(say: Say): Promise<void>
}

/** Checks each step in order and mends what isn't as it should be. Only one set-up mends at a time on a machine. */
export async function goThrough(steps: Step[], say: Say, alone: <T>(act: () => Promise<T>) => Promise<T>): Promise<void> {
  const lacking = await Promise.all(steps.map(step => step.check()))
  if (lacking.every(reason => reason === null)) return
  await alone(async () => {
    for (const step of steps) if ((await step.check()) !== null) await step.mend(say)
  })
}
