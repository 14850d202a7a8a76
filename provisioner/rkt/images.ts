// The images of rkt's own store: an image of ours is written as an ACI and imported when its first pod is made, and forgotten with it. Called by runtime/rkt.ts.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as commands from '../commands/rkt.ts'
import { writeAci } from '../images/aci.ts'
import { find, parseReference, type Image } from '../images/store.ts'
import { run, succeeds } from '../run.ts'
import { AubergeError } from '../../wire/error.ts'

/** Milliseconds; rkt reads an image several times. */
const COPYING = 300_000

/** For each imported image a file with its id in rkt's store, by name, version and the time it was built. */
const records = (rkt: commands.Rkt) => `${rkt.dir}/imported`

const recordOf = ({ name, version, builtAt }: Image) => `${name}@${version}-${builtAt}`

/** The image whose root file system is at `rootfs`, a path of the image store. */
export function imageAt(rootfs: string): Image {
  const directory = dirname(rootfs)
  const reference = parseReference(directory.slice(directory.lastIndexOf('/') + 1))
  if (!reference) throw new AubergeError('failed', `${rootfs} is no image's root file system`)
  return find(reference.name, reference.version, dirname(directory))
}

/** The image's id in rkt's store, imported first where it isn't there (or an `rkt image gc` has removed it). */
export async function imported(rkt: commands.Rkt, image: Image): Promise<string> {
  const record = `${records(rkt)}/${recordOf(image)}`
  const known = (await readFile(record, 'utf8').catch(() => '')).trim()
  if (known && (await succeeds(commands.imageManifest(rkt, known)))) return known
  const id = await importImage(rkt, image)
  await mkdir(records(rkt), { recursive: true, mode: 0o700 })
  await writeFile(record, id, { mode: 0o600 })
  return id
}

async function importImage(rkt: commands.Rkt, image: Image): Promise<string> {
  const aci = `${rkt.dir}/${recordOf(image)}-${process.hrtime.bigint()}.aci`
  try {
    await writeAci(image, aci)
    return (await run(commands.fetch(rkt, aci), { timeout: COPYING })).trim()
  } finally {
    await rm(aci, { force: true })
  }
}

/** Removes images from rkt's store whose version is gone from the image store; those a pod uses stay until the next time. */
export async function forgetImages(rkt: commands.Rkt, store?: string): Promise<void> {
  for (const file of await readdir(records(rkt)).catch(() => [])) {
    if (isThere(file, store)) continue
    const id = (await readFile(`${records(rkt)}/${file}`, 'utf8')).trim()
    if (await succeeds(commands.removeImage(rkt, id))) await rm(`${records(rkt)}/${file}`, { force: true })
  }
}

function isThere(record: string, store?: string): boolean {
  const reference = parseReference(record.slice(0, record.lastIndexOf('-')))
  try {
    return reference !== null && recordOf(find(reference.name, reference.version, store)) === record
  } catch {
    return false
  }
}
