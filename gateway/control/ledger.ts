// One site's file of JSON lines: what comes is added at its end, and its beginning is cut off where it grows. Used by diary.ts and history.ts.
import { appendFile, readFile, rename, stat, writeFile } from 'node:fs/promises'

/** Bytes after which a file is cut. */
const LARGE = 64 * 2 ** 10

/** Adds `entries`. `trim` is to follow: on its own, for what is added is there, whatever becomes of that. */
export function append(file: string, entries: readonly unknown[]): Promise<void> {
  return appendFile(file, entries.map(entry => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 })
}

/** Cuts a file that has grown large down to its last `kept` lines. */
export async function trim(file: string, kept: number): Promise<void> {
  if ((await stat(file)).size > LARGE) await cut(file, kept)
}

/** What was added and is still there; nothing where there is no file. */
export async function entries<T>(file: string): Promise<T[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap(line => parsed<T>(line))
}

/** A line that a kill cut short is no entry. */
function parsed<T>(line: string): T[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as T]
  } catch {
    return []
  }
}

async function cut(file: string, kept: number): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
  await writeFile(`${file}.new`, `${lines.slice(-kept).join('\n')}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
