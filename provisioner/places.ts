// Where everything of one site is on the host. The name has been checked (valid.ts), so no path here can leave the house.
import { places } from '../wire/house.ts'
import type { Instance } from './instance.ts'

/** What the database pod is called where sites go by their names: none of those has a `_`. */
export const DATABASE = '_database'

/** Absolute paths of a site's files below `data/pods/NAME`, a directory only root may enter. */
export function podPlaces(data: string, name: string) {
  const dir = `${places(data).pods}/${name}`
  return {
    dir,
    state: `${dir}/state.json`,
    volumeImage: `${dir}/volume.img`,
    volume: `${dir}/volume`,
    /** A volume that a restore fills, until it takes the other's place. */
    stagedImage: `${dir}/staged.img`,
    staged: `${dir}/staged`,
    log: `${dir}/log`,
    logFile: `${dir}/log/current`,
    olderLog: `${dir}/older.log`,
  }
}

/** Copies of volumes that backups are read from. The name is no site's. */
export const snapshotsPlace = (data: string) => `${places(data).pods}/.snapshots`

/** The OCI bundle of a container: on a tmpfs, for its environment holds secrets. */
export const bundlePlace = (of: Instance, id: string) => `${of.run}/bundles/${id}`
export const netnsPlace = (name: string) => `/run/netns/${name}`
