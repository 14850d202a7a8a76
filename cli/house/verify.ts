// Reads a backup of the whole house from end to end before anything is done with it. Called by restore.ts.
import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { AubergeError } from '../../wire/error.ts'
import { MANIFEST, parseManifest, REGISTRY, SEAL, siteEntry, type Manifest } from './manifest.ts'
import { entriesOf, sumOf, type Sum } from './tarfile.ts'

/** The manifest of a file whose every entry is there, once, and has its checksum. `bad_archive` says what isn't so. */
export async function verified(path: string): Promise<Manifest> {
  const { sums, manifest, seal } = await read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'EISDIR') throw new AubergeError('not_found', `${path} can't be read (${error.code}); check the path`)
    throw new AubergeError('bad_archive', `${path} is no whole backup: ${error.message}`, { cause: error })
  })
  if (manifest === null || seal === null) throw new AubergeError('bad_archive', `${path} is no whole backup of a house: its end is missing`)
  const found = parseManifest(manifest, seal)
  const names = new Set([...sums.keys(), ...Object.keys(found.files), REGISTRY, ...Object.keys(found.sites).map(siteEntry)])
  const wrong = [...names].filter(name => !isDeepStrictEqual(sums.get(name), found.files[name]) || !sums.has(name))
  if (wrong.length > 0) throw new AubergeError('bad_archive', `${path} is damaged: ${wrong.slice(0, 5).join(', ')} ${wrong.length > 1 ? 'are' : 'is'} not as written`)
  return found
}

async function read(path: string): Promise<{ sums: Map<string, Sum>; manifest: string | null; seal: string | null }> {
  const sums = new Map<string, Sum>()
  const said: Record<string, string> = {}
  for await (const { name, body } of entriesOf(path)) {
    if (name === MANIFEST || name === SEAL) said[name] = await text(body)
    else if (sums.has(name)) throw new AubergeError('bad_archive', `it holds ${name} twice`)
    else sums.set(name, await sumOf(body))
  }
  return { sums, manifest: said[MANIFEST] ?? null, seal: said[SEAL] ?? null }
}
