// Which images this machine still needs, whatever house needs them: the store is shared by all. Asked before anything is removed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { places } from '../../wire/house.ts'
import { CLAIMS, claims, RUN } from '../claim.ts'
import { readPins } from './pins.ts'
import { IMAGES, parseReference } from './store.ts'

/** `versions` (`php@2`): containers are on it, or sites are set to it. `names`: sites are set to the image, whichever version. */
export type Needs = { versions: Set<string>; names: Set<string> }

/** What the houses of this machine need of a store at this moment. */
export function needsOf(store = IMAGES): Needs {
  const needs: Needs = { versions: mountedVersions(store), names: new Set() }
  if (existsSync(CLAIMS)) for (const data of claims().values()) addWishes(needs, data)
  return needs
}

/**
 * The versions that containers are on: pods that run, are frozen or wait to be started, and workshops. Each has a bundle from before it is made
 * until after it is gone.
 */
function mountedVersions(store: string): Set<string> {
  const versions = new Set<string>()
  for (const house of names(RUN)) {
    for (const id of names(`${RUN}/${house}/bundles`)) {
      const path = (parsed(`${RUN}/${house}/bundles/${id}/config.json`) as { root?: { path?: string } } | null)?.root?.path ?? ''
      if (path.startsWith(`${store}/`) && path.endsWith('/rootfs')) versions.add(path.slice(store.length + 1, -'/rootfs'.length))
    }
  }
  return versions
}

function addWishes(needs: Needs, data: string): void {
  for (const [name, version] of readPins(data)) needs.versions.add(`${name}@${version}`)
  for (const site of names(places(data).pods)) {
    const image = (parsed(`${places(data).pods}/${site}/state.json`) as { spec?: { image?: string } } | null)?.spec?.image
    if (image === undefined) continue
    if (parseReference(image)) needs.versions.add(image)
    needs.names.add(image.split('@')[0] ?? '')
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}
