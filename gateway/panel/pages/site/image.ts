// What a site's settings show of images: those its owner can choose, and what the present one takes. Called by sections.ts.
import type { ImageView, Takes } from '../../../../provisioner/api.ts'
import { spellLimit } from '../../../../registry/parse.ts'
import { PHP_SETTINGS, phpBounds } from '../../../../registry/php.ts'
import { speaker, type Say } from '../../language/pick.ts'
import type { Load } from './section.ts'

/** What the forms of the settings offer. */
export const choices: Load = async (room, request, site) => {
  const images = site.kind === 'site' ? await room.desk.images().catch(() => []) : []
  const set = site.image ?? ''
  return { imageChoices: imageChoices(images, set, speaker(request.language)), takes: takesOf(images, set), phpSettings: PHP_SETTINGS, phpBounds, spell: spellLimit }
}

const nameOf = (image: string): string => image.split('@')[0] ?? ''

/** Values and their words for a list to choose from: each image that is for sites, then its versions; what is set is among them, whether it is still there or not. */
function imageChoices(images: ImageView[], set: string, t: Say): [value: string, words: string][] {
  const versions = [...new Set([...images.filter(image => image.forSites).map(({ name, version }) => `${name}@${version}`), ...(set.includes('@') ? [set] : [])])]
  const names = [...new Set([...versions, set].map(nameOf))].sort()
  return names.flatMap(name => [
    [name, t('image_newest', { image: name })],
    ...versions.filter(version => nameOf(version) === name).map((version): [string, string] => [version, version]),
  ])
}

/** What a site set to this image can be given besides its environment. */
function takesOf(images: ImageView[], set: string): Takes | null {
  return images.find(({ name, newest }) => newest && name === nameOf(set))?.takes ?? null
}
