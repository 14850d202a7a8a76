// The desk's verbs on what is inside a site: deploys, shells, logs, backups. The provisioner does the work in a container of the site.
import { pipeline, type Readable } from 'node:stream'
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import { places } from '../../wire/house.ts'
import type { FileChange, Released } from '../../provisioner/api.ts'
import type { Desk } from '../desk.ts'
import { describe } from './backup/description.ts'
import { keptOf } from './records.ts'
import { podOf, pods, reserved, siteOf, type Parts } from './parts.ts'
import { Errors } from './errors.ts'

/** Restarts the site for what was put there. */
type Restart = (actor: Account, name: string) => Promise<void>
type Record = (actor: Account, action: string, subject: string, detail?: string) => void
type ContentVerbs = Pick<Desk, 'deploy' | 'rollback' | 'listFiles' | 'readFile' | 'writeFile' | 'changeFiles' | 'exec' | 'logs' | 'backup'>
type ContentParts = Pick<Parts, 'house' | 'access' | 'registry' | 'provisioner' | 'states' | 'turns' | 'guests' | 'archive'>

/** They work in every state of the site, and wake nothing. */
export function contentVerbs(parts: ContentParts, record: Record, restart: Restart): ContentVerbs {
  const provisioner = () => pods(parts)
  /** A site that has had no pod yet gets one first. */
  const ready = async (name: string): Promise<void> => {
    const { site, status } = siteOf(parts, name)
    if (!status.pod) await parts.turns.run(name, () => podOf(parts, site))
  }
  const released = async (actor: Account, name: string, { release, releases, restart: isDue }: Released): Promise<{ release: string }> => {
    const pod = parts.states.get(name)?.pod
    if (pod) parts.states.change(name, { pod: { ...pod, release, releases, outdated: pod.outdated || isDue } })
    parts.states.forgive(name)
    if (isDue) await restart(actor, name)
    return { release }
  }
  return {
    async deploy(actor, name, type, body) {
      await ready(name)
      const { tar, discard } = await parts.archive(type, body, places(parts.house.data).uploads)
      try {
        const now = await provisioner().deploy(name, tar)
        record(actor, 'site.deploy', name, now.release)
        return await released(actor, name, now)
      } finally {
        tar.destroy()
        await discard()
      }
    },
    async rollback(actor, name, release) {
      await ready(name)
      const now = await provisioner().rollback(name, release)
      record(actor, 'site.rollback', name, now.release)
      return await released(actor, name, now)
    },
    async listFiles(name, path) {
      await ready(name)
      return await provisioner().listFiles(name, path)
    },
    async readFile(name, path) {
      await ready(name)
      return await provisioner().readFile(name, path)
    },
    async writeFile(actor, name, { path, expected }, body) {
      await ready(name)
      const written = await provisioner().writeFile(name, path, expected, body)
      record(actor, 'file.write', name, path)
      return written
    },
    async changeFiles(actor, name, change) {
      leaveKept(change)
      await ready(name)
      await provisioner().changeFiles(name, change)
      record(actor, `file.${change.do}`, name, change.do === 'move' ? `${change.from} to ${change.to}` : change.path)
    },
    async exec(actor, name, request) {
      await ready(name)
      record(actor, 'site.exec', name, request.command[0])
      // In the site's turn, so that it isn't put to sleep under a command that has only begun.
      return await parts.turns.run(name, () => parts.guests.admit(name, () => provisioner().exec(name, request)))
    },
    async logs(name, { follow, source = 'pod' }) {
      siteOf(parts, name)
      if (source === 'access') return parts.access.read(name, { follow })
      await ready(name)
      const log = await provisioner().logs(name, { follow })
      return source === 'error' ? errorsOf(log) : log
    },
    async backup(name) {
      await ready(name)
      return await provisioner().backup(name, describe({ ...siteOf(parts, name).site, ...keptOf(reserved(parts, name)) }))
    },
  }
}

/** What deploys look after below a site's home: without it there is nothing to see, nor to go back to. */
const KEPT = new Set(['html', 'releases'])

function leaveKept(change: FileChange): void {
  const path = change.do === 'move' ? change.from : change.path
  if (change.do !== 'mkdir' && KEPT.has(path)) throw new AubergeError('conflict', `${path} itself stays where it is: move or remove what is in it`)
}

/** Either end gone takes the other along. */
function errorsOf(log: Readable): Readable {
  const errors = new Errors()
  pipeline(log, errors, () => {})
  return errors
}
