// Temporary directories that go away with the test, whatever becomes of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test, or a whole file of them: `{ after }`. */
export type Cleaner = { after(close: () => unknown): void }

/** A new directory, removed after the test `t`. Short, for unix sockets must fit below it. */
export function temporary(t: Cleaner, name = 'aub'): string {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
