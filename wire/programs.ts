// Where a program is. Asked by the provisioner before it starts one, and by whoever asks for rkt.
import { accessSync, constants } from 'node:fs'

/** The path of the first `program` in `directories` that can be run, or null. */
export function findProgram(program: string, directories: readonly string[]): string | null {
  return directories.map(directory => `${directory}/${program}`).find(isProgram) ?? null
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
