// The names of an archive's entries: made canonical or refused, and checked against each other. Called by zip.ts and targz.ts.
import { AubergeError } from '../../wire/error.ts'

/** Bytes of one name and of a whole path (NAME_MAX of Linux; far below its PATH_MAX). */
const MAX_NAME = 255
const MAX_PATH = 1024
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/** A `bad_archive` that names the entry, printable whatever it is called. */
export function refuse(name: string, why: string): AubergeError {
  const shown = JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name).replace(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?')
  return new AubergeError('bad_archive', `the archive's entry ${shown} ${why}; nothing was changed`)
}

/** The segments of a relative path, without `.` and empty ones; none for the archive's own root. Throws `bad_archive`. */
export function canonical(name: string): string[] {
  if (CONTROL.test(name)) throw refuse(name, 'has a control character in its name')
  if (name.includes('\ufffd')) throw refuse(name, 'has a name that is not UTF-8')
  if (name.includes('\\')) throw refuse(name, 'has a backslash in its name')
  if (name.startsWith('/')) throw refuse(name, 'has an absolute path')
  if (/^[A-Za-z]:/.test(name)) throw refuse(name, 'has a drive letter')
  const segments = name.split('/').filter(segment => segment !== '' && segment !== '.')
  if (segments.includes('..')) throw refuse(name, 'leads out of the archive ("..")')
  if (segments.some(segment => Buffer.byteLength(segment) > MAX_NAME)) throw refuse(name, `has a name longer than ${MAX_NAME} bytes`)
  if (Buffer.byteLength(segments.join('/')) > MAX_PATH) throw refuse(name, `has a path longer than ${MAX_PATH} bytes`)
  return segments
}

/** What macOS adds to archives and no site needs. */
export function isJunk(segments: string[]): boolean {
  return segments[0] === '__MACOSX' || segments.at(-1) === '.DS_Store'
}

/** All paths of an archive. A path twice, or once as a file and once as a directory (also but for its case), is ambiguous: `bad_archive`. */
export class Names {
  readonly #files = new Set<string>()
  readonly #folded = new Map<string, 'file' | 'directory'>()
  readonly #directories = new Set<string>()

  add(segments: string[], kind: 'file' | 'directory'): void {
    const path = segments.join('/')
    for (let depth = 1; depth < segments.length; depth++) this.#claim(segments.slice(0, depth).join('/'), 'directory')
    this.#claim(path, kind)
    if (kind === 'directory') return
    if (this.#files.has(path)) throw refuse(path, 'is there twice')
    this.#files.add(path)
  }

  /** Every directory, parents before children. */
  get directories(): string[] { return [...this.#directories].sort() }

  #claim(path: string, kind: 'file' | 'directory'): void {
    const key = path.toLowerCase()
    const before = this.#folded.get(key)
    if (before !== undefined && before !== kind) throw refuse(path, 'is both a file and a directory')
    this.#folded.set(key, kind)
    if (kind === 'directory') this.#directories.add(path)
  }
}
