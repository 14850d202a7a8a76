// An act that is done the first time only: how the supervisor and its children leave, whichever signal comes first or twice.

/** A function that calls `act` the first time it is called, and then no more. */
export function once(act: () => Promise<void>): () => void {
  let called = false
  return () => {
    if (called) return
    called = true
    void act()
  }
}
