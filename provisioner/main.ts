// The provisioner's process: root, one unix socket, no network listener. Started by the supervisor.
import { briefed, ready } from '../wire/child.ts'
import { logger } from '../wire/log.ts'
import { open } from './provision.ts'

const log = logger('provisioner')
let stop = async () => {}

try {
  const { house } = await briefed(() => stop())
  const provisioner = await open(house, log)
  stop = provisioner.close
  ready()
} catch (error) {
  log.fatal({ err: error }, 'the provisioner could not start')
  process.exit(1)
}
