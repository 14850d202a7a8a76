// Puts the volume that a restore has filled in the place of a site's own, and gives the site what it is to be with it. Called by the server, in the
// site's queue, and by reconcile for what a kill interrupted.
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { flushed } from '../../wire/flushed.ts'
import type { Pod, SiteSpec } from '../api.ts'
import { lead } from '../firewall.ts'
import type { Host } from '../host.ts'
import { siteCgroup } from '../instance.ts'
import { podPlaces } from '../places.ts'
import { podOf } from '../pod.ts'
import { dropStage, stagedAs, stageMounted } from '../staging.ts'
import { detachImage, forgetGrowth } from '../volume.ts'
import { loadDatabase } from '../workshop/database.ts'
import { mustHaveImage } from './create.ts'
import { goCold } from './prepare.ts'

/**
 * Ends the pod and every command in the site, then swaps. What is written down with the intent `adopt` is done whatever happens next; up to there all
 * is as before. Resolves with the pod cold; asked again, with what there is. `not_found` where nothing is staged by that id, or the image isn't there.
 */
export async function adopt(host: Host, name: string, id: string, spec: SiteSpec): Promise<Pod> {
  const site = host.states.site(name)
  if (site.adopted === id) return podOf(host, name)
  const { release, releases, database } = stagedAs(host, name, id)
  mustHaveImage(host, spec.image)
  await host.cgroups.kill(siteCgroup(host.instance, name))
  host.states.live(name, { failure: null })
  await goCold(host, name)
  // It has been tried: what can fail is the server, and then all but the database is as before.
  if (database) await stageMounted(host, name, volume => loadDatabase(host, name, volume))
  await host.states.save({ ...site, release, releases, spec, adopted: id, intent: 'adopt' })
  await finishAdoption(host, name)
  await lead(host)
  return podOf(host, name)
}

/** Done again after a crash it finishes what was begun. Nothing of the site runs. */
export async function finishAdoption(host: Host, name: string): Promise<void> {
  const { dir, volumeImage, volume, stagedImage } = podPlaces(host.data, name)
  await detachImage(volumeImage, volume)
  await forgetGrowth(host, name)
  if (existsSync(stagedImage)) await rename(stagedImage, volumeImage)
  await flushed(dir)
  await dropStage(host, name)
  await host.states.save({ ...host.states.site(name), intent: null })
}
