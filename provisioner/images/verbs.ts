// What the provisioner does with images: shows them, builds them, has a house's sites go back to an earlier version, and removes what nobody
// needs. Called by ../verbs.ts and, for the last, by provision.ts.
import { PassThrough, type Readable } from 'node:stream'
import type { ImageView } from '../api.ts'
import type { Host } from '../host.ts'
import { buildImage, type Report } from './build.ts'
import { recipeOf } from './recipe.ts'
import { tidy } from './remove.ts'
import { find, isForSites, list, newest, takesOf, type Image } from './store.ts'

export function imageViews(host: Host): ImageView[] {
  return list(host.images).map(image => imageView(host, image))
}

function imageView(host: Host, image: Image): ImageView {
  const { name, version, bytes, builtAt } = image
  return {
    name, version, bytes, builtAt, usedBy: users(host, image), newest: newest(name, host.images)?.version === version, pinned: host.pins.get(name) === version,
    forSites: isForSites(image), takes: takesOf(image),
  }
}

function users(host: Host, { name, version }: Image): number {
  return host.states.names().map(site => host.states.life(site).image).filter(image => image?.name === name && image.version === version).length
}

/** The build's progress as lines. It goes on when nobody listens any more, for others may wait for the image. `not_found` for what can't be built. */
export function building(host: Host, name: string, ifChanged: boolean): Readable {
  recipeOf(name)
  const lines = new PassThrough()
  const report: Report = ({ step, percent, elapsed }) => { if (!lines.destroyed) lines.write(`${String(percent).padStart(3)}% ${step} (${Math.round(elapsed / 1000)} s)\n`) }
  void buildImage(name, report, { ifChanged, ...(host.images === undefined ? {} : { store: host.images }) }).then(
    image => {
      lines.end(`100% ${image.name}@${image.version}\n`)
      void tidyImages(host)
    },
    (error: Error) => {
      host.log.error({ image: name, err: error }, 'an image was not built')
      lines.end(`failed: ${error.message}\n`)
    })
  return lines
}

/** `not_found` for a version that isn't there. Pods follow when they are next made ready. */
export async function pinImage(host: Host, name: string, version: number | null): Promise<void> {
  if (version !== null) find(name, version, host.images)
  await host.pins.set(name, version)
}

/** A failure is logged: it is tried again tomorrow. */
export async function tidyImages(host: Host): Promise<void> {
  try {
    const gone = await tidy(host.images)
    if (gone.length > 0) host.log.info({ images: gone }, 'removed images nobody needs')
  } catch (error) {
    host.log.error({ err: error }, 'images nobody needs could not be removed')
  }
}
