// What an image is made of, as data: Debian packages, files put over them and the OCI description. Called by build and ensure.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mariadb } from './recipes/mariadb.ts'
import { node } from './recipes/node.ts'
import { php } from './recipes/php.ts'
import { python } from './recipes/python.ts'
import { webStatic } from './recipes/static.ts'
import { AubergeError } from '../../wire/error.ts'
import type { ContainerConfig } from './store.ts'

export type Recipe = {
  name: string
  /** Debian release, by code name. */
  suite: string
  packages: string[]
  /** Path in the image → path of the file beside the recipe. */
  files: Record<string, string>
  /** Files made empty, for what a container has bound over them (../settings.ts). */
  targets?: string[]
  /** Paths in the image that are emptied or removed after the packages are installed. */
  removed: string[]
  config: ContainerConfig
}

/** Changes to how every image is finished make another recipe too: raise this number. */
const FINISH = 1

const RECIPES: Recipe[] = [php, webStatic, node, python, mariadb]

/** The recipe of an image. `not_found` where we have none of that name. */
export function recipeOf(name: string): Recipe {
  const recipe = RECIPES.find(each => each.name === name)
  if (!recipe) throw new AubergeError('not_found', `there is no recipe for an image "${name}"; there is: ${RECIPES.map(each => each.name).join(', ')}`)
  return recipe
}

/** The text of one of the recipe's files. */
export function textOf(file: string): string {
  return readFileSync(new URL(`recipes/${file}`, import.meta.url), 'utf8')
}

/** A hash over all that goes into the image: it changes when the image must be built anew. */
export function fingerprint(recipe: Recipe): string {
  const texts = Object.entries(recipe.files).map(([path, file]) => [path, textOf(file)])
  return createHash('sha256').update(JSON.stringify([FINISH, recipe, texts])).digest('hex')
}
