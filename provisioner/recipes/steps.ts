// A recipe is a list of steps; when one fails, those before it are undone, last first. Used by every recipe.
import type { Host } from '../host.ts'

export type Step = { name: string; act: () => Promise<unknown>; undo?: () => Promise<unknown> }

/** Runs the steps in order. The failure that stopped it is thrown once everything before it is undone; a failing undo is logged. */
export async function perform(host: Host, site: string, steps: Step[]): Promise<void> {
  const done: Step[] = []
  for (const step of steps) {
    done.push(step)
    try {
      await step.act()
    } catch (failure) {
      await undo(host, site, done)
      throw failure
    }
  }
}

async function undo(host: Host, site: string, done: Step[]): Promise<void> {
  for (const step of done.reverse()) {
    await step.undo?.().catch((error: unknown) => host.log.error({ site, step: step.name, error: String(error) }, 'undo failed; the next start collects what is left'))
  }
}
