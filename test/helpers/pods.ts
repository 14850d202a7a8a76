// Real pods for a house in a test's own process: a provisioner, its client and the image `php`. Imported by tests that need sites that run.
import { ensureImage } from '../../provisioner/images/build.ts'
import type { Provisioner } from '../../provisioner/api.ts'
import { provisionerClient } from '../../provisioner/client.ts'
import { open, retireHouse } from '../../provisioner/provision.ts'
import { places } from '../../wire/house.ts'
import { logger } from '../../wire/log.ts'

export type Pods = { provisioner: Provisioner; close(): Promise<void> }

const log = logger('test')
log.level = 'silent'

/** A provisioner for the house in `data`, with the machine's images or another store. `close` removes all that it made from the host; the directory is the caller's, to be removed afterwards. */
export async function openPods(data: string, images?: string): Promise<Pods> {
  await ensureImage('php', () => {})
  const provisioning = await open({ data, runtime: 'crun' }, log, images)
  const provisioner = provisionerClient(places(data).provisionerSocket)
  const close = async (): Promise<void> => {
    provisioner.close()
    await provisioning.close()
    await retireHouse(data)
  }
  return { provisioner, close }
}
