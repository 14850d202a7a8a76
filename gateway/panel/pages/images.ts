// What a site's page shows of images: those its owner can choose, and what the present one takes. Called by site.ts.
import type { ImageView, Takes } from '../../../provisioner/api.ts'
import type { Say } from '../language/pick.ts'

const nameOf = (image: string): string => image.split('@')[0] ?? ''

/** Values and their words for a list to choose from: each image that is for sites, then its versions; what is set is among them, whether it is still there or not. */
export function imageChoices(images: ImageView[], set: string, t: Say): [value: string, words: string][] {
  const versions = [...new Set([...images.filter(image => image.forSites).map(({ name, version }) => `${name}@${version}`), ...(set.includes('@') ? [set] : [])])]
  const names = [...new Set([...versions, set].map(nameOf))].sort()
  return names.flatMap(name => [
    [name, t('image_newest', { image: name })],
    ...versions.filter(version => nameOf(version) === name).map((version): [string, string] => [version, version]),
  ])
}

/** What a site set to this image can be given besides its environment. */
export function takesOf(images: ImageView[], set: string): Takes | null {
  return images.find(({ name, newest }) => newest && name === nameOf(set))?.takes ?? null
}
