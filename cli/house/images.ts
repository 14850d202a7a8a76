// Images on a machine that a house is brought to: they are built there, not brought along. Called by restore.ts.
import { createInterface } from 'node:readline'
import type { ImageView, Provisioner } from '../../provisioner/api.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Say } from '../progress.ts'
import type { Manifest } from './manifest.ts'

const nameOf = (image: string) => image.split('@')[0] ?? ''

/** Builds those that sites need and that aren't there; resolves with all. */
export async function imagesFor(pods: Provisioner, { sites }: Manifest, say: Say): Promise<ImageView[]> {
  const there = new Set((await pods.images()).map(image => image.name))
  const needed = new Set(Object.values(sites).map(({ image }) => nameOf(image)))
  for (const name of needed) if (!there.has(name)) await build(pods, name, say)
  return pods.images()
}

async function build(pods: Provisioner, name: string, say: Say): Promise<void> {
  let last = ''
  for await (const line of createInterface({ input: await pods.buildImage(name) })) {
    last = line
    say(`image ${name}: ${line}`)
  }
  if (!last.startsWith('100% ')) throw new AubergeError('failed', `the image ${name}, which sites of the backup need, can't be built: ${last.replace(/^failed: /, '')}`)
}

/** An image of the backup as it is called here: a version that isn't here means the newest. */
export function imageAs(images: ImageView[], image: string): string {
  return !image.includes('@') || images.some(({ name, version }) => `${name}@${version}` === image) ? image : nameOf(image)
}
