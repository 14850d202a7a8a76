// auberge image …
import { pipeline } from 'node:stream/promises'
import { argument, answer, type Desk } from './desk.ts'
import { moment, size, table } from './table.ts'

type ImageView = { name: string; version: number; bytes: number; builtAt: number; usedBy: number }

/** Builds a new version; its progress goes to standard error as it comes. */
export async function buildImage(desk: Desk): Promise<void> {
  const name = desk.order.args.NAME ?? 'php'
  const progress = await desk.admin.stream('POST', `/api/images/${encodeURIComponent(name)}/build`)
  await pipeline(progress, desk.errors, { end: false })
  const images = await desk.admin.json<ImageView[]>('GET', '/api/images')
  const newest = images.filter(image => image.name === name).sort((a, b) => b.version - a.version)[0]
  answer(desk, newest ?? null, image => (image === null ? `no image ${name}` : `Image ${image.name}@${image.version}: ${size(image.bytes)}.`))
}

export async function listImages(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<ImageView[]>('GET', '/api/images'), images =>
    table(['IMAGE', 'VERSION', 'SIZE', 'BUILT', 'SITES'], images.map(each => [each.name, each.version, size(each.bytes), moment(each.builtAt), each.usedBy]), 'no images'))
}

export async function removeImage(desk: Desk): Promise<void> {
  const name = argument(desk, 'NAME')
  await desk.admin.json('DELETE', `/api/images/${encodeURIComponent(name)}`)
  answer(desk, { removed: name }, each => `Image ${each.removed} removed.`)
}
