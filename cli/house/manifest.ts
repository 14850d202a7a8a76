// What a backup of the whole house says of itself: its last entry but one, with the checksums of all others; the last is its own. Used by backup.ts and restore.ts.
import { createHash } from 'node:crypto'
import { AubergeError } from '../../wire/error.ts'
import type { SiteSpec } from '../../provisioner/api.ts'
import type { Sum } from './tarfile.ts'

/** Goes up with every change that an earlier program would misread. */
export const VERSION = 1
export const MANIFEST = 'auberge.json'
export const SEAL = 'auberge.json.sha256'
export const REGISTRY = 'registry.db'
export const CERTIFICATES = 'certificates.json'
export const KEYRING = 'keyring.json'
export const siteEntry = (name: string) => `sites/${name}.tar.gz`
export const finalEntry = (id: string) => `final/${id}.tar.gz`

/**
 * `sites`: what each is to be. `images`: the versions there were, `pinned`: those that sites had in the newest's place; they are rebuilt and not in the
 * file. `files`: each entry by its name. `signing`: the DS of each key of a signed zone, which the parent zone may have.
 */
export type Manifest = {
  auberge: 'house'
  version: number
  madeAt: string
  zone: string
  /** Without a database's password: the registry has those. */
  sites: Record<string, Omit<SiteSpec, 'database'>>
  images: string[]
  pinned: string[]
  files: Record<string, Sum>
  signing?: { ds: string[] }
}

/** The DS of keys that a house restored from this file will not have; empty where nothing is lost. */
export const lostKeys = ({ signing, files }: Manifest): string[] => (KEYRING in files ? [] : signing?.ds ?? [])

export const sealOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** `bad_archive` where it is none, damaged or newer than this program. */
export function parseManifest(text: string, seal: string): Manifest {
  if (sealOf(text) !== seal.trim()) throw new AubergeError('bad_archive', 'the backup is damaged: its manifest does not match its checksum')
  const found = JSON.parse(text) as Partial<Manifest>
  if (found.auberge !== 'house') throw new AubergeError('bad_archive', 'this is no backup of a whole house; a site is brought back with auberge site restore NAME FILE')
  if (found.version !== VERSION) throw new AubergeError('bad_archive', `the backup has version ${found.version}, this program knows ${VERSION}: restore it with a newer Auberge`)
  return found as Manifest
}
