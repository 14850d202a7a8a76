// Fills a second volume of a site with what a backup holds, beside the one it has. Called by the server; recipes/adopt.ts puts it in the other's place.
// tar runs in a workshop that sees nothing but the new volume: a backup is a stranger's, and the site that there is goes on.
import type { Readable } from 'node:stream'
import type { Host } from '../host.ts'
import { closeStage, dropStage, openStage, type Staged } from '../staging.ts'
import { tryDatabase } from './database.ts'
import { alone, unpacked } from './deploy.ts'
import { listReleases, type Releases } from './releases.ts'
import { inWorkshop, program, type Workshop } from './workshop.ts'

/** Longest a restore may take. Milliseconds. */
const TIME = 2 * 60 * 60_000

/**
 * Unpacks what is below `files` in a plain tar into a new volume of `disk` bytes, and tries its database's SQL. `too_large` where it doesn't fit, `bad_archive` where it is damaged;
 * of a failure nothing is left.
 */
export function stage(host: Host, name: string, tar: Readable, disk: number): Promise<Staged> {
  return alone(host, name, async () => {
    try {
      const volume = await openStage(host, name, disk)
      const { database, ...releases } = await inWorkshop(host, name, TIME, shop => unpack(shop, name, tar), { volume })
      if (database) await host.queue.run(name, () => tryDatabase(host, name, volume))
      return await closeStage(host, name, { ...releases, database })
    } catch (error) {
      await dropStage(host, name)
      throw error
    }
  }, tar)
}

async function unpack(shop: Workshop, name: string, tar: Readable): Promise<Releases & { database: boolean }> {
  const { status, stdout, stderr } = await shop.run(program('restore'), tar)
  if (status !== 0) throw unpacked(name, stderr)
  return { ...await listReleases(shop), database: stdout.trim() === 'database' }
}
