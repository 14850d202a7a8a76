// auberge image …
import { createInterface } from 'node:readline'
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import { argument, answer, type Desk } from './desk.ts'
import { moment, safe, size, table } from './table.ts'

type ImageView = { name: string; version: number; bytes: number; builtAt: number; usedBy: number; newest: boolean; pinned: boolean }
type RollLine =
  | { event: 'begin'; image: string; sites: number }
  | { event: 'site'; site: string; nth: number; of: number; from: string; to: string; outcome: 'moved' | 'skipped' | 'failed'; ms: number; why?: string }
  | { event: 'end'; image: string; moved: number; left: number }

const path = (name: string): string => `/api/images/${encodeURIComponent(name)}`

/** Builds a new version; its progress goes to standard error as it comes. */
export async function buildImage(desk: Desk): Promise<void> {
  const name = desk.order.args.NAME ?? 'php'
  const progress = await desk.admin.stream('POST', `${path(name)}/build?ifChanged=${desk.order.options.has('if-changed') ? 1 : 0}`)
  let last = ''
  for await (const line of createInterface({ input: progress })) {
    last = line
    if (!line.startsWith('failed: ')) desk.errors.write(`${line}\n`)
  }
  const [, version] = /^100% (\S+@\d+)$/.exec(last) ?? []
  if (version === undefined) throw new AubergeError('failed', last.replace(/^failed: /, '') || 'the build was cut off; image list shows what is there')
  const images = await desk.admin.json<ImageView[]>('GET', '/api/images')
  const built = images.find(image => `${image.name}@${image.version}` === version) ?? null
  answer(desk, built, image => `Image ${version}${image === null ? '' : `: ${size(image.bytes)}`}. Sites move to it when they next start; auberge image roll ${name} moves them now.`)
}

export async function listImages(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<ImageView[]>('GET', '/api/images'), images =>
    table(['IMAGE', 'VERSION', 'SIZE', 'BUILT', 'SITES', ''], images.map(each => [each.name, each.version, size(each.bytes), moment(each.builtAt), each.usedBy, mark(images, each)]), 'no images'))
}

/** Which version a site that is set to the image without one gets. */
function mark(images: ImageView[], { name, newest, pinned }: ImageView): string {
  const pin = images.some(each => each.name === name && each.pinned)
  return pinned ? 'pinned' : newest ? (pin ? 'newest, not used' : 'newest') : ''
}

/** Each site's move is a line on standard error as it happens. Fails where a site did. */
export async function rollImage(desk: Desk): Promise<number> {
  const name = desk.order.args.NAME ?? 'php'
  const lines: RollLine[] = []
  for await (const text of createInterface({ input: await desk.admin.stream('POST', `${path(name)}/roll`) })) {
    const line = JSON.parse(text) as RollLine
    lines.push(line)
    if (line.event === 'site') desk.errors.write(`${told(line)}\n`)
  }
  const end = lines.find(line => line.event === 'end')
  if (end === undefined) throw new AubergeError('failed', 'the rolling restart was cut off; start it again for the rest')
  const sites = lines.filter(line => line.event === 'site')
  answer(desk, { image: end.image, moved: end.moved, left: end.left, sites }, each => `${each.moved} site(s) moved to ${each.image}, ${each.left} left.`)
  return sites.some(each => each.outcome === 'failed') ? 1 : 0
}

function told({ nth, of, site, from, to, outcome, ms, why }: Extract<RollLine, { event: 'site' }>): string {
  const place = `${nth}/${of} ${site}:`
  if (outcome === 'moved') return `${place} ${from === to ? to : `${from} to ${to}`} in ${ms} ms`
  const said = safe((why ?? '').split('\n')[0] ?? '')
  if (outcome === 'skipped') return `${place} left on ${from}: ${said}`
  return `${place} does not start on ${to}, so it is set to ${from} and nothing else is restarted: ${said}`
}

export async function pinImage(desk: Desk): Promise<void> {
  const [name = '', version = '', ...rest] = argument(desk, 'NAME@VERSION').split('@')
  if (name === '' || rest.length > 0 || !/^[1-9]\d{0,8}$/.test(version)) throw new UsageError('image pin: expected a version such as php@2')
  await desk.admin.json('PUT', `${path(name)}/pin`, { json: { version: Number(version) } })
  answer(desk, { pinned: `${name}@${version}` }, each => `Sites use ${each.pinned} when they next start; auberge image roll ${name} moves them now.`)
}

export async function unpinImage(desk: Desk): Promise<void> {
  const name = argument(desk, 'NAME')
  await desk.admin.json('DELETE', `${path(name)}/pin`)
  answer(desk, { unpinned: name }, each => `Sites use the newest ${each.unpinned} when they next start; auberge image roll ${each.unpinned} moves them now.`)
}

export async function removeImage(desk: Desk): Promise<void> {
  const name = argument(desk, 'NAME')
  await desk.admin.json('DELETE', path(name))
  answer(desk, { removed: name }, each => `Image ${each.removed} removed.`)
}
