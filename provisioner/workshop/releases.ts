// The names of releases and how they are listed and thinned out. Called by deploy.
import { randomInt } from 'node:crypto'
import { program, type Workshop } from './workshop.ts'

/** The current release (null when the owner made the document root something else) and all there are, oldest first. */
export type Releases = { release: string | null; releases: string[] }

/** Kept besides the current one being among them. */
export const KEPT = 5
/** What a new volume begins with; the oldest of all. */
export const INITIAL = 'initial'

const NAME = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/

/** A name for a release made now; names sort by time. */
export function releaseName(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').replace('Z', '')
  return `${stamp}-${randomInt(36 ** 4).toString(36).padStart(4, '0')}`
}

export const isReleaseName = (name: string) => NAME.test(name)

/** Which releases to remove so that `KEPT` remain, never the current one. */
export function surplus({ release, releases }: Releases): string[] {
  const others = releases.filter(name => name !== release)
  const kept = release !== null && releases.includes(release) ? KEPT - 1 : KEPT
  return others.slice(0, Math.max(0, others.length - kept))
}

/** Lists the releases on the volume; what isn't a release's name is the owner's own and left out. */
export async function listReleases(shop: Workshop): Promise<Releases> {
  const [target = '', ...names] = (await shop.run(program('list'))).stdout.split('\n')
  const releases = names.filter(isReleaseName).sort(byTime)
  const current = target.replace(/^(?:\/var\/www\/)?releases\//, '')
  return { release: releases.includes(current) ? current : null, releases }
}

/** Removes all but the newest five. */
export async function thinOut(shop: Workshop, all: Releases): Promise<Releases> {
  const doomed = surplus(all)
  if (doomed.length > 0) await shop.run(program('remove', ...doomed))
  return { ...all, releases: all.releases.filter(name => !doomed.includes(name)) }
}

function byTime(a: string, b: string): number {
  const rank = (name: string) => (name === INITIAL ? `0-${name}` : `1-${name}`)
  return rank(a) < rank(b) ? -1 : 1
}
