// The files browsers load: found under an address that changes with their content, so they may be kept for a year. Called by pages/all.ts.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const PUBLIC = join(import.meta.dirname, 'public')

/** `/assets/HASH`, the same for all files, so that modules can import each other by relative names. */
export function assetsPrefix(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(PUBLIC).sort()) hash.update(name).update(readFileSync(join(PUBLIC, name)))
  return `/assets/${hash.digest('hex').slice(0, 16)}`
}
