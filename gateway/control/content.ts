// The desk's verbs on what is inside a site: deploys, shells, logs, backups. The provisioner does the work in a container of the site.
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { PassThrough } from 'node:stream'
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import { places } from '../../wire/house.ts'
import type { Desk } from '../desk.ts'
import { podOf, pods, siteOf, type Parts } from './parts.ts'

type Record = (actor: Account, action: string, subject: string, detail?: string) => void
type ContentVerbs = Pick<Desk, 'deploy' | 'rollback' | 'exec' | 'logs' | 'backup' | 'restore'>
type ContentParts = Pick<Parts, 'house' | 'access' | 'registry' | 'provisioner' | 'states' | 'turns' | 'archive'>

/** They work in every state of the site, and wake nothing. */
export function contentVerbs(parts: ContentParts, record: Record): ContentVerbs {
  const provisioner = () => pods(parts)
  /** A site that has had no pod yet gets one first. */
  const ready = async (name: string): Promise<void> => {
    const { site, status } = siteOf(parts, name)
    if (!status.pod) await parts.turns.run(name, () => podOf(parts, site))
  }
  const released = (name: string, release: string): void => {
    const pod = parts.states.get(name)?.pod
    if (!pod) return
    const releases = pod.releases.includes(release) ? pod.releases : [...pod.releases, release]
    parts.states.change(name, { pod: { ...pod, release, releases } })
  }
  return {
    async deploy(actor, name, type, body) {
      await ready(name)
      const { tar, discard } = await parts.archive(type, body, places(parts.house.data).uploads)
      try {
        const { release } = await provisioner().deploy(name, tar)
        released(name, release)
        record(actor, 'site.deploy', name, release)
        return { release }
      } finally {
        tar.destroy()
        await discard()
      }
    },
    async rollback(actor, name, release) {
      await ready(name)
      const result = await provisioner().rollback(name, release)
      released(name, result.release)
      record(actor, 'site.rollback', name, result.release)
      return result
    },
    async exec(actor, name, request) {
      await ready(name)
      record(actor, 'site.exec', name, request.command[0])
      return await provisioner().exec(name, request)
    },
    async logs(name, { follow, source = 'pod' }) {
      siteOf(parts, name)
      if (source === 'access') return parts.access.read(name, { follow })
      await ready(name)
      return await provisioner().logs(name, { follow })
    },
    async backup(name) {
      await ready(name)
      return await provisioner().backup(name)
    },
    async restore(actor, name, body) {
      await ready(name)
      await unzipped(body, tar => provisioner().restore(name, tar))
      record(actor, 'site.restore', name)
    },
  }
}

/** Gives `use` what is in a gzip stream; a damaged one is `bad_archive`. How much it may be is the site's disk limit. */
async function unzipped(body: Readable, use: (tar: Readable) => Promise<void>): Promise<void> {
  const tar = new PassThrough()
  const fed = pipeline(body, createGunzip(), tar)
  const damaged = fed.catch((cause: unknown) => { throw new AubergeError('bad_archive', 'the backup is no whole tar.gz file: nothing was restored', { cause }) })
  const used = use(tar).finally(() => { tar.destroy() })
  used.catch(() => {})
  damaged.catch(() => {})
  await Promise.race([used, damaged.then(() => used)])
}
