// The card of a site's releases, each with when it was put live: its name begins with that (provisioner/workshop/releases.ts). Called by sections.ts.
import type { Card } from './section.ts'

export const releasesCard: Card = { view: 'releases', data: () => ({ madeAt }) }

/** In milliseconds since 1970; null for the one that came with the site. */
function madeAt(release: string): number | null {
  const [year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(release)?.slice(1).map(Number) ?? []
  return year === undefined ? null : Date.UTC(year, month! - 1, day, hour, minute, second)
}
