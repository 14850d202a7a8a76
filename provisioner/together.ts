// Several things that have nothing to do with each other, at once. Called by recipes and network.ts.

/** Resolves when all have ended; the first failure is thrown then, so that an undo finds nothing under way. */
export async function together(...acts: Promise<unknown>[]): Promise<void> {
  const all = await Promise.allSettled(acts)
  for (const one of all) if (one.status === 'rejected') throw one.reason
}
