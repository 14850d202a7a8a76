// The authority and its leaves on disk: one file each, whole or not there, readable by control alone. Called by authority.ts and certificates.ts.
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { writeWhole } from '../control/snapshot.ts'

const PRIVATE = 0o600

/** Makes the directory where a house without a supervisor has none. */
export async function privateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

/** A key and its certificate are one file, so that no kill can part them. */
export async function keep(file: string, content: object): Promise<void> {
  await writeWhole(file, JSON.stringify(content), PRIVATE)
}

/** What `keep` wrote, or null where there is nothing that can be read. */
export async function kept<T>(file: string): Promise<Partial<T> | null> {
  try {
    const content: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof content === 'object' && content !== null ? content as Partial<T> : null
  } catch {
    return null
  }
}

/** Everything kept in a directory. A draft that a kill left behind isn't. */
export async function allKept<T>(directory: string): Promise<{ file: string; content: Partial<T> | null }[]> {
  const names = (await readdir(directory)).filter(name => name.endsWith('.json'))
  return Promise.all(names.map(async name => ({ file: `${directory}/${name}`, content: await kept<T>(`${directory}/${name}`) })))
}

/** Host names hold nothing that a path could take amiss; a longest one still fits a file name. */
export function fileFor(directory: string, name: string): string {
  return `${directory}/${name}.json`
}

export async function forget(file: string): Promise<void> {
  await rm(file, { force: true })
}
