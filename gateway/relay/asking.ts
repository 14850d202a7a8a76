// Asking control to wake a site, once for all who wait, and taking it back when the last of them has left. Called by serve.ts and splice.ts.
import type { Hold, Waiting } from './hold.ts'
import type { Site } from './table.ts'
import type { FromRelay } from '../messages.ts'
import type { WakeCause } from '../../registry/types.ts'

type Tell = (message: FromRelay) => void

/** Asks control once until the site's route changes. */
export function askFor(site: Site, cause: WakeCause, tell: Tell): void {
  if (site.asked === 'wake') return
  site.asked = 'wake'
  tell({ type: 'wake', site: site.name, cause })
}

/** The last one that leaves before its site is awake says so: the wake may not have begun. `site`: null where no site was waited for. */
export function stopWaiting(hold: Hold, key: string, waiter: Waiting, site: Site | null, tell: Tell): void {
  hold.remove(key, waiter)
  if (site === null || site.asked !== 'wake' || hold.count(key) > 0) return
  site.asked = 'nothing'
  tell({ type: 'unwanted', site: site.name })
}
