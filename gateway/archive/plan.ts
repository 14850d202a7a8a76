// What an archive will be unpacked to, decided before anything is passed on. Called by zip.ts and targz.ts.
import { AubergeError } from '../../wire/error.ts'
import { canonical, isJunk, Names, refuse } from './names.ts'
import { mebibytes } from './spool.ts'

/** Bounds of an archive: entries, bytes as uploaded, and bytes once unpacked. */
export type Limits = { entries: number; upload: number; unpacked: number }

/** One file of an archive: how its path ends up, its bytes and whether it may be run. */
export type PlannedFile = { path: string; size: number; executable: boolean }

/** What a format says of an entry before it is judged. */
export type Claim = { name: string; kind: 'file' | 'directory'; size: number; executable: boolean }

const INDEX = ['index.php', 'index.html', 'index.htm']

/** Collects entries in the archive's order; `files` has a null for each that is left out. */
export class Plan {
  readonly files: (PlannedFile | null)[] = []
  readonly #names = new Names()
  readonly #limits: Limits
  #bytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** `bad_archive` and `too_large` for what breaks a rule. */
  add({ name, kind, size, executable }: Claim): void {
    if (this.files.length >= this.#limits.entries) throw new AubergeError('too_large', `the archive has more than ${this.#limits.entries} entries; split it`)
    this.#count(name, size)
    const segments = canonical(name)
    const skipped = segments.length === 0 || isJunk(segments)
    if (segments.length === 0 && kind === 'file') throw refuse(name, 'has no name')
    if (!skipped) this.#names.add(segments, kind)
    this.files.push(skipped || kind === 'directory' ? null : { path: segments.join('/'), size, executable })
  }

  #count(name: string, size: number): void {
    if (!Number.isSafeInteger(size) || size < 0) throw refuse(name, 'has no proper size')
    this.#bytes += size
    if (this.#bytes > this.#limits.unpacked) throw tooLarge(this.#limits)
  }

  /** Directories to make and a function from a file's path to where it goes: without the one folder around everything, if there is one. */
  finish(): { directories: string[]; place: (path: string) => string } {
    const files = this.files.filter(file => file !== null)
    if (files.length === 0) throw new AubergeError('bad_archive', 'the archive holds no files; nothing was changed')
    const directories = this.#names.directories
    const top = wrapper(files.map(file => file.path), directories)
    if (top === null) return { directories, place: path => path }
    const place = (path: string) => path.slice(top.length + 1)
    return { directories: directories.filter(path => path !== top).map(place), place }
  }
}

export const tooLarge = (limits: Limits) => new AubergeError('too_large', `the archive unpacks to more than ${mebibytes(limits.unpacked)}; make it smaller`)

/** The single folder that people zip their site in: it holds all and has the index file. */
function wrapper(files: string[], directories: string[]): string | null {
  const top = files[0]!.split('/')[0]!
  const inside = (path: string) => path === top || path.startsWith(`${top}/`)
  if (!directories.includes(top) || !directories.every(inside) || !files.every(inside)) return null
  return files.some(path => INDEX.some(index => path === `${top}/${index}`)) ? top : null
}
