// Control's process: started by the supervisor as its own user. Opens the registry, puts the parts together, serves the panel, says ready once
// the other processes have come: what the house says then, it keeps.
import { rmSync } from 'node:fs'
import { provisionerClient } from '../../provisioner/client.ts'
import { openRegistry } from '../../registry/open.ts'
import { briefed, ready } from '../../wire/child.ts'
import { places, type AcmeFiles, type House } from '../../wire/house.ts'
import { logger } from '../../wire/log.ts'
import { openArchive } from '../archive/archive.ts'
import { needsAdmin } from '../panel/pages/first.ts'
import { servePanel } from '../panel/serve.ts'
import { assemble } from './assemble.ts'
import { makeDemo } from './demo.ts'

const log = logger('control')
/** What is to be closed, the last opened first. */
const closers: (() => Promise<void> | void)[] = []

const { house, acme = null, firstAdmin = '' } = await briefed(leave)
await serve(house, acme).catch((error: unknown) => {
  log.fatal({ err: error }, 'control cannot start')
  process.exit(1)
})

async function serve(house: House, acme: AcmeFiles | null): Promise<void> {
  const where = places(house.data)
  rmSync(where.uploads, { recursive: true, force: true })
  const registry = openRegistry(where.registry)
  closers.unshift(() => registry.close())
  const provisioner = house.runtime === 'none' ? null : provisionerClient(where.provisionerSocket)
  if (provisioner) closers.unshift(() => provisioner.close())
  const control = await assemble({ house, acme, registry, provisioner, archive: openArchive, log })
  closers.unshift(control.close)
  const panel = await servePanel({ house, registry, desk: control.desk, log, firstAdmin })
  closers.unshift(panel.close)
  if (house.demo && provisioner) {
    await makeDemo({ registry, desk: control.desk }).catch((error: unknown) => { log.error({ err: error }, 'the demo could not be made: trying again at the next start') })
  }
  await control.whole()
  ready(firstAdmin !== '' && needsAdmin({ registry }) ? { needsAdmin: true } : {})
}

/** Closes everything in turn; what fails to close is logged and keeps nothing else open. */
async function leave(): Promise<void> {
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      log.error({ err: error }, 'something did not close')
    }
  }
}
