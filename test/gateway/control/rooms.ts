// A provisioner for tests about order and failure: pods are lines in a map, every verb is written down, and any can be held or made to fail.
// Whatever is about real pods is tested with the real provisioner, end to end.
import { Readable, type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Backup, FileContent, Held, ImageView, Listing, Pod, PodEvent, Provisioner, Released, SiteSpec, Tier, Usage, Woken } from '../../../provisioner/api.ts'
import { AubergeError } from '../../../wire/error.ts'

export class Rooms implements Provisioner {
  readonly pods = new Map<string, Pod>()
  /** `wake alice`, `destroy alice`, ... in the order asked. */
  readonly calls: string[] = []
  /** What runs before a verb does its work: throws to make it fail, waits to make it slow. */
  before: (call: string) => Promise<void> | void = () => {}
  /** Bytes that a pod awake holds. */
  memoryEach = 10
  databaseHolds = 0
  readonly held = new Map<string, number>()
  /** Bytes that commands in a site that sleeps hold. */
  readonly working = new Map<string, number>()
  /** What is said of images, and of pods after a deploy. */
  views: ImageView[] = []
  restart = false
  finals: Backup[] = []
  #next = 2
  readonly #watchers = new Set<(event: PodEvent) => void>()

  count(call: string): number {
    return this.calls.filter(one => one === call).length
  }

  emit(event: PodEvent): void {
    for (const watcher of this.#watchers) watcher(event)
  }

  async create(name: string, spec: SiteSpec): Promise<Pod> {
    await this.#asked(`create ${name}`)
    return this.#put(name, spec, this.pods.get(name)?.tier ?? 'prepared')
  }

  async update(name: string, spec: SiteSpec): Promise<Pod> {
    await this.#asked(`update ${name}`)
    return this.#put(name, spec, this.#get(name).tier)
  }

  async wake(name: string): Promise<Woken> {
    const from = this.#get(name).tier
    await this.#asked(`wake ${name}`)
    return { from, pod: this.#move(name, 'running'), phases: { prepare: 0, start: 1, probe: 1 } }
  }

  async sleep(name: string, tier: 'frozen' | 'asleep'): Promise<Pod> {
    await this.#asked(`sleep ${name} ${tier}`)
    return this.#move(name, tier === 'frozen' ? 'frozen' : 'prepared')
  }

  async destroy(name: string, how: { description: string } | { purge: true }): Promise<{ backup: Backup | null }> {
    const purge = 'purge' in how
    await this.#asked(`destroy ${name}${purge ? ' purge' : ''}`)
    if (!this.pods.delete(name) || purge) return { backup: null }
    const madeAt = Date.now() + this.finals.length
    const backup = { id: `${name}-${new Date(madeAt).toISOString().replace(/[-:.]/g, '')}`, name, bytes: 7, madeAt, keptUntil: madeAt + 86_400_000 }
    this.finals.unshift(backup)
    return { backup }
  }

  async space() {
    return { promised: 3, taken: 2, free: 1 }
  }

  async deploy(name: string, tar: Readable): Promise<Released> {
    await this.#asked(`deploy ${name} ${(await text(tar)).length > 0}`)
    const pod = this.#get(name)
    const release = `r${pod.releases.length + 1}`
    const releases = [...pod.releases, release]
    this.pods.set(name, { ...pod, release, releases })
    return { release, releases, restart: this.restart }
  }

  async rollback(name: string, release: string): Promise<Released> {
    await this.#asked(`rollback ${name} ${release}`)
    return { release, releases: this.#get(name).releases, restart: this.restart }
  }

  async listFiles(): Promise<Listing> { return { entries: [], truncated: false } }
  readFile(): Promise<FileContent> { throw new AubergeError('not_found', 'no files here') }
  async writeFile(): Promise<{ version: string }> { return { version: '1' } }
  async changeFiles(): Promise<void> {}
  exec(): Promise<Duplex> { throw new AubergeError('unavailable', 'no shells here') }
  async logs(name: string): Promise<Readable> { return Readable.from([`log of ${name}\n`]) }
  async backup(name: string, description: string): Promise<Readable> { return Readable.from([`backup of ${name}: ${description}`]) }

  async stage(name: string, tar: Readable, disk: number): Promise<{ id: string }> {
    await this.#asked(`stage ${name} ${(await text(tar)).replaceAll('\0', '')} ${disk}`)
    return { id: 'staged' }
  }

  async adopt(name: string, id: string, spec: SiteSpec): Promise<Pod> {
    await this.#asked(`adopt ${name} ${id}`)
    return this.#put(name, spec, 'cold')
  }

  async unstage(name: string, id: string): Promise<void> { await this.#asked(`unstage ${name} ${id}`) }
  async finalBackups(): Promise<Backup[]> { return this.finals }
  async finalBackup(id: string): Promise<Readable> { return Readable.from([id]) }

  async dropFinalBackup(id: string): Promise<void> {
    await this.#asked(`drop ${id}`)
    this.finals = this.finals.filter(each => each.id !== id)
  }

  async usage(): Promise<Usage> { return { memory: this.memoryEach, disk: 1, files: 1, database: 1 } }

  async memory(): Promise<Held> {
    const awake = [...this.pods.values()].filter(pod => pod.tier === 'running' || pod.tier === 'frozen')
    return { sites: Object.fromEntries(awake.map(pod => [pod.name, this.held.get(pod.name) ?? this.memoryEach])), working: Object.fromEntries(this.working), database: this.databaseHolds }
  }

  async list(): Promise<Pod[]> {
    await this.before('list')
    return [...this.pods.values()]
  }

  watch(each: (event: PodEvent) => void, signal: AbortSignal): void {
    this.#watchers.add(each)
    signal.addEventListener('abort', () => this.#watchers.delete(each))
  }

  async images(): Promise<ImageView[]> { return this.views }
  async buildImage(): Promise<Readable> { return Readable.from(['done\n']) }
  async removeImage(): Promise<void> {}
  async pinImage(name: string, version: number | null): Promise<void> { await this.#asked(`pin ${name} ${version}`) }

  async #asked(call: string): Promise<void> {
    this.calls.push(call)
    await this.before(call)
  }

  #put(name: string, spec: SiteSpec, tier: Tier): Pod {
    const last = this.pods.get(name)
    const ipv4 = last?.ipv4 ?? `10.88.0.${this.#next++}`
    const pod: Pod = {
      name, tier, image: spec.image, ipv4, ipv6: 'fd00::1', port: 80, outdated: false, spec, release: last?.release ?? null, releases: last?.releases ?? [],
      database: spec.database && { host: '10.214.0.2', port: 3306, name, user: name, ...spec.database },
    }
    this.pods.set(name, pod)
    return pod
  }

  #get(name: string): Pod {
    const pod = this.pods.get(name)
    if (!pod) throw new AubergeError('not_found', `no pod ${name}`)
    return pod
  }

  #move(name: string, tier: Tier): Pod {
    const pod = { ...this.#get(name), tier }
    this.pods.set(name, pod)
    return pod
  }
}
