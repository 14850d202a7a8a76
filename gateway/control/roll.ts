// A rolling restart: every site that is set to an image and whose pod is of something older moves to the present version, one after the other, with no
// request dropped. Asked by front.ts for administrators; what happens is told as it does.
import { PassThrough, type Readable } from 'node:stream'
import type { Pod } from '../../provisioner/api.ts'
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { RollLine } from '../desk.ts'
import { pods, specOf } from './parts.ts'
import { patiently } from './patience.ts'
import { restart, type RestartParts } from './restart.ts'

type Moved = Pick<Extract<RollLine, { site: string }>, 'outcome' | 'why'>

export class Rolls {
  readonly #parts: RestartParts
  #state: 'idle' | 'rolling' = 'idle'

  constructor(parts: RestartParts) {
    this.#parts = parts
  }

  /** JSON lines of what happens. One at a time in a house (`conflict`). Ends after the site under way where nobody listens any more, and at the first failure. */
  async roll(actor: Account, image: string): Promise<Readable> {
    if (this.#state === 'rolling') throw new AubergeError('conflict', 'a rolling restart is under way: wait until it has ended')
    this.#state = 'rolling'
    try {
      const version = await this.#versionOf(image)
      const outdated = (await pods(this.#parts).list()).filter(pod => this.#isDue(pod, image))
      return this.#told(actor, version, outdated)
    } catch (error) {
      this.#state = 'idle'
      throw error
    }
  }

  #told(actor: Account, version: string, outdated: Pod[]): Readable {
    const lines = new PassThrough()
    const tell = (line: RollLine): boolean => !lines.destroyed && (lines.write(`${JSON.stringify(line)}\n`), true)
    void this.#rolling(actor, version, outdated, tell).catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'a rolling restart ended early')
    }).finally(() => {
      this.#state = 'idle'
      lines.end()
    })
    return lines
  }

  /** The version sites move to: the one the house is pinned to, else the newest. */
  async #versionOf(image: string): Promise<string> {
    const versions = (await pods(this.#parts).images()).filter(each => each.name === image)
    const target = versions.find(each => each.pinned) ?? versions.find(each => each.newest)
    if (!target) throw new AubergeError('not_found', `there is no image ${image}: build it first`)
    return `${image}@${target.version}`
  }

  /** What sleeps without a container is made of the present version when it wakes. */
  #isDue({ name, outdated }: Pod, image: string): boolean {
    return outdated && this.#parts.registry.sites.get(name)?.image === image
  }

  /** `tell` says whether anybody still listens. */
  async #rolling(actor: Account, to: string, outdated: Pod[], tell: (line: RollLine) => boolean): Promise<void> {
    const of = outdated.length
    let moved = 0
    tell({ event: 'begin', image: to, sites: of })
    for (const [index, pod] of outdated.entries()) {
      const started = performance.now()
      const { outcome, why } = await this.#move(actor, pod)
      if (outcome === 'moved') moved++
      const heard = tell({ event: 'site', site: pod.name, nth: index + 1, of, from: pod.image, to, outcome, ms: Math.round(performance.now() - started), ...(why === undefined ? {} : { why }) })
      if (outcome === 'failed' || !heard) break
    }
    tell({ event: 'end', image: to, moved, left: of - moved })
  }

  async #move(actor: Account, pod: Pod): Promise<Moved> {
    const state = this.#parts.states.get(pod.name)?.state
    try {
      if (state === 'running') await restart(this.#parts, pod.name, 'admin')
      else if (state === 'frozen' || state === 'asleep') await this.#parts.sleeps.remake(pod.name)
      return { outcome: 'moved' }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (error instanceof AubergeError && (error.code === 'conflict' || error.code === 'not_found')) return { outcome: 'skipped', why }
      if (state === 'running') await this.#goBack(actor, pod)
      return { outcome: 'failed', why }
    }
  }

  /** A site that ran on the earlier version and doesn't on this one is set to the earlier, and runs. The administrator is told, and decides. */
  async #goBack(actor: Account, { name, image }: Pod): Promise<void> {
    const { registry, turns, wakes, states, log } = this.#parts
    registry.audit.add({ actor: actor.username, action: 'site.update', subject: name, detail: `image ${image}, for it did not start on a newer one` })
    try {
      await turns.run(name, async () => {
        const site = registry.sites.update(name, { image })
        states.change(name, { pod: await patiently(() => pods(this.#parts).update(name, specOf(site))) })
      })
      await wakes.wake(name, { by: 'admin' })
    } catch (error) {
      log.error({ err: error, site: name, image }, 'a site could not go back to its earlier image')
    }
  }
}
