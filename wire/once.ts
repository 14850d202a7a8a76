// An act that is done the first time only, whoever calls for it first or twice: leaving a process, giving a place back.

/** A function that calls `act` the first time it is called, and then no more. */
export function once(act: () => Promise<void> | void): () => void {
  let called = false
  return () => {
    if (called) return
    called = true
    void act()
  }
}
