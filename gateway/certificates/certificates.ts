// Every certificate of the house: made when a name appears, renewed before its end, told to relays, kept for those that start without control.
// Made by control's certify.ts. What others signed (an ACME server) is given with `install` and served before our own of the same name.
// What is outside the zone is signed by an authority of its own (docs/decisions).
import { randomBytes, X509Certificate } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Logger } from '../../wire/log.ts'
import { inPieces, Snapshot } from '../control/snapshot.ts'
import type { Certificate, CertificatesSnapshot, ToRelay } from '../messages.ts'
import { Authorities } from './authorities.ts'
import { allKept, fileFor, forget, keep, privateDirectory } from './files.ts'
import { usable, type Leaf } from './leaf.ts'
import { isIn, namesFor } from './names.ts'
import { newLeafKey, type Scope } from './x509.ts'

const HOUR = 3600 * 1000
const DAY = 24 * HOUR
/** A leaf lives a year; a third of it is left to find out why renewing fails. */
const RENEW = 120 * DAY
/** A key shared by leaves that is older than this isn't given to another one. */
const KEY_LIFE = 90 * DAY
/** How often tickets get another key and leaves are looked at. */
const ROUND = 12 * HOUR
/** Milliseconds in which changes are written as one snapshot. */
const DELAY = 200

/** `own`: our authority signed it. */
export type CertificateView = { names: string[]; trusted: boolean; own: boolean; expiresAt: number }
type Change = Extract<ToRelay, { type: 'certificate' | 'certificates' | 'uncertified' | 'tickets' }>
type Options = { zone: string; source: 'internal' | 'off'; directory: string; snapshot: string; hosts: string[]; domains?: string[]; log: Logger; now?: () => number
  /** Installs what others signed before anybody hears of anything. */
  fill?: (certificates: Certificates) => Promise<void>
}

export class Certificates {
  readonly #zone: string
  readonly #authorities: Authorities | null
  readonly #leavesDirectory: string
  readonly #log: Logger
  readonly #now: () => number
  readonly #wanted = new Map<string, string[]>()
  readonly #leaves = new Map<string, Leaf>()
  /** Leaves of an authority that is over. */
  readonly #outlived = new Set<string>()
  /** What others signed, by the first name; kept by whoever gave it. */
  readonly #given = new Map<string, Leaf>()
  /** Names of which one that browsers trusted has ended: they stay for HTTPS only. */
  readonly #lapsed = new Set<string>()
  readonly #followers = new Set<(change: Change) => void>()
  readonly #snapshot: Snapshot
  readonly #timer: NodeJS.Timeout
  #key: { pem: Promise<string>; madeAt: number } | null = null
  #closed = false
  #ticketKey = newTicketKey()
  /** Files are written and removed one after the other, in the order of what they are about. */
  #disk: Promise<void> = Promise.resolve()

  private constructor({ zone, directory, snapshot, log, now = Date.now }: Options, authorities: Authorities | null) {
    this.#zone = zone
    this.#authorities = authorities
    this.#leavesDirectory = `${directory}/leaves`
    this.#log = log
    this.#now = now
    const failed = (error: unknown): void => { log.error({ err: error }, 'the snapshot of the certificates could not be written') }
    this.#snapshot = new Snapshot({ file: snapshot, content: () => this.#pieces(), delay: DELAY, failed })
    this.#timer = setInterval(() => { void this.round() }, ROUND).unref()
  }

  /** Resolves with what was kept and the apex's certificate; `hosts` without one get theirs in the background. */
  static async open(options: Options): Promise<Certificates> {
    const { zone, source, directory, hosts, domains = [], log, now = Date.now } = options
    const authorities = source === 'off' ? null : await Authorities.open({ directory, zone, now, log })
    const certificates = new Certificates(options, authorities)
    if (authorities) await certificates.#begin(hosts, domains)
    await options.fill?.(certificates)
    certificates.#filled()
    await certificates.#snapshot.flush()
    return certificates
  }

  /** The authority's certificate in PEM; null where there is none. */
  get authority(): string | null { return this.#authorities?.zone.certificate ?? null }

  /** The same of the authority of custom domains; null where there are none. */
  get domainsAuthority(): string | null { return this.#authorities?.domains?.certificate ?? null }

  /** When what ends: the authority first. */
  view(): { authority: number | null; leaves: CertificateView[] } {
    const leaves = this.#all().map(leaf => ({ names: leaf.names, trusted: leaf.trusted, own: this.#given.get(leaf.names[0] ?? '') !== leaf, expiresAt: leaf.expiresAt }))
    return { authority: this.#authorities?.zone.expiresAt ?? null, leaves }
  }

  /** What a relay that has just come must hear. */
  messages(): Change[] {
    const { certificates, ticketKey: key } = this.#whole()
    return [{ type: 'certificates', certificates }, { type: 'tickets', key }]
  }

  /** Calls `each` with every change from now on. */
  follow(each: (change: Change) => void): void {
    this.#followers.add(each)
  }

  /** Resolves once relays have been told of a certificate for `host`. Never fails: a name without HTTPS is still a name. */
  async want(host: string): Promise<void> {
    await this.#want(namesFor(this.#zone, host))
  }

  /** The same for a domain that a site has outside the zone. */
  async wantDomain(domain: string): Promise<void> {
    await this.#want(isIn(this.#zone, domain) ? null : [domain])
  }

  async #want(names: string[] | null): Promise<void> {
    const id = names?.[0]
    if (!this.#authorities || !names || id === undefined) return
    this.#wanted.set(id, names)
    this.#tellOwn(id, await this.#make(id))
  }

  /** Serves this in place of whatever there is for its first name, and tells relays. No connection is dropped: those that are open keep what they have. */
  install(given: Certificate & { expiresAt: number }): void {
    const leaf: Leaf = { ...given, madeAt: 0 }
    this.#given.set(given.names[0] ?? '', leaf)
    this.#lapsed.delete(given.names[0] ?? '')
    this.#tell({ type: 'certificate', certificate: this.#served(leaf) })
  }

  /** What others signed for `id`, and browsers trusted, has ended: our own is served, of which they warn. Whoever was sent to HTTPS still is: plain HTTP would be worse. */
  lapse(id: string): void {
    this.#lapsed.add(id)
    this.#retreat(id)
  }

  /** Goes back to our own certificate for `id`; to none where we have none. */
  withdraw(id: string): void {
    const had = this.#lapsed.delete(id)
    if (this.#given.has(id) || had) this.#retreat(id)
  }

  #retreat(id: string): void {
    this.#given.delete(id)
    const own = this.#leaves.get(id)
    this.#tell(own ? { type: 'certificate', certificate: this.#served(own) } : { type: 'uncertified', name: id })
  }

  /** `host` is no name of ours any more. What others are served with stays. */
  drop(host: string): void {
    if (host === this.#zone || (isIn(this.#zone, host) && namesFor(this.#zone, host)?.[0] !== host)) return
    this.#wanted.delete(host)
    if (!this.#leaves.delete(host)) return
    this.#write(() => forget(fileFor(this.#leavesDirectory, host)))
    if (!this.#given.has(host)) this.#tell({ type: 'uncertified', name: host })
  }

  /** A new key for tickets, another authority where ours is nearly over, and a new leaf for each that ends soon or couldn't be made. */
  async round(): Promise<void> {
    this.#ticketKey = newTicketKey()
    this.#tell({ type: 'tickets', key: this.#ticketKey })
    for (const scope of await this.#authorities?.succeed() ?? []) this.#outlive(scope)
    await this.#catchUp()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed = true
    await this.#disk
    await this.#snapshot.flush()
  }

  async #begin(hosts: string[], domains: string[]): Promise<void> {
    await privateDirectory(this.#leavesDirectory)
    for (const host of hosts) this.#expect(namesFor(this.#zone, host))
    for (const domain of domains) this.#expect([domain])
    for (const { file, content } of await allKept<Leaf>(this.#leavesDirectory)) {
      const leaf = await this.#known(content)
      if (leaf) this.#leaves.set(leaf.names[0] ?? '', leaf)
      else this.#write(() => forget(file))
    }
    await this.want(this.#zone)
  }

  /** A leaf that was kept, if it is wanted as it is and its authority is still the one it was signed by. */
  async #known(content: Partial<Leaf> | null): Promise<Leaf | null> {
    const id = content?.names?.[0] ?? ''
    if (!this.#authorities || !this.#wanted.has(id) || `${content?.names}` !== `${this.#wanted.get(id)}`) return null
    return usable(content, await this.#authorities.of(id))
  }

  #filled(): void { void this.#catchUp() }

  /** Each name once: what others signed before our own. */
  #all(): Leaf[] { return [...new Map([...this.#leaves, ...this.#given]).values()] }

  /** Leaves of the old authority are served until each has another. */
  #outlive(scope: Scope): void {
    for (const id of this.#leaves.keys()) if (this.#authorities?.scopeOf(id) === scope) this.#outlived.add(id)
  }

  /** One by one, so that thousands of signatures keep nobody waiting. */
  async #catchUp(): Promise<void> {
    for (const id of [...this.#wanted.keys()]) {
      if (this.#closed) return
      this.#tellOwn(id, await this.#make(id))
      await breathe()
    }
  }

  #tellOwn(id: string, leaf: Leaf | null): void {
    if (leaf && !this.#given.has(id)) this.#tell({ type: 'certificate', certificate: this.#served(leaf) })
  }

  #isFresh(id: string): boolean {
    const leaf = this.#leaves.get(id)
    if (leaf === undefined || this.#outlived.has(id)) return false
    // One that ends with the authority can't be had for longer.
    return leaf.expiresAt - this.#now() > RENEW || leaf.expiresAt >= (this.#authorities?.endOf(id) ?? 0)
  }

  #expect(names: string[] | null): void {
    if (names?.[0] !== undefined) this.#wanted.set(names[0], names)
  }

  /** The new leaf; null where there is one already, or none is wanted any more, or none could be made. */
  async #make(id: string): Promise<Leaf | null> {
    if (this.#isFresh(id)) return null
    return this.#sign(id).catch((error: unknown) => {
      this.#log.error({ err: error, host: id }, 'a certificate could not be made: trying again later')
      return null
    })
  }

  async #sign(id: string): Promise<Leaf | null> {
    const authority = await this.#authorities?.of(id)
    const { pem, madeAt } = this.#currentKey()
    const key = await pem
    const names = this.#wanted.get(id)
    if (!authority || !names || this.#isFresh(id)) return null
    const chain = authority.sign(names, key, this.#now())
    const leaf: Leaf = { names, chain, key, trusted: false, expiresAt: new X509Certificate(chain).validToDate.getTime(), madeAt }
    this.#leaves.set(id, leaf)
    this.#outlived.delete(id)
    this.#write(async () => { if (this.#leaves.get(id) === leaf) await keep(fileFor(this.#leavesDirectory, id), leaf) })
    return leaf
  }

  /** One key for the leaves of a season: who holds one holds all. */
  #currentKey(): { pem: Promise<string>; madeAt: number } {
    const now = this.#now()
    this.#key ??= this.#newestKey()
    if (this.#key && now - this.#key.madeAt < KEY_LIFE) return this.#key
    const made = { pem: newLeafKey(), madeAt: now }
    made.pem.catch(() => { if (this.#key === made) this.#key = null })
    this.#key = made
    return made
  }

  /** That of the leaves that were kept; looked for once, for with 100,000 leaves each look takes a millisecond. */
  #newestKey(): { pem: Promise<string>; madeAt: number } | null {
    const newest = [...this.#leaves.values()].reduce<Leaf | null>((best, leaf) => (best && best.madeAt >= leaf.madeAt ? best : leaf), null)
    return newest && { pem: Promise.resolve(newest.key), madeAt: newest.madeAt }
  }

  #whole(): CertificatesSnapshot {
    return { certificates: this.#all().map(leaf => this.#served(leaf)), ticketKey: this.#ticketKey }
  }

  /** A few thousand certificates are some megabytes of text. */
  #pieces(): Iterable<string> {
    return inPieces('{"certificates":[', this.#all().map(leaf => this.#served(leaf)), one => JSON.stringify(one), `],"ticketKey":${JSON.stringify(this.#ticketKey)}}`)
  }

  #served({ names, chain, key, trusted }: Leaf): Certificate {
    return { names, chain, key, trusted: trusted || this.#lapsed.has(names[0] ?? '') }
  }

  #write(act: () => Promise<void>): void {
    this.#disk = this.#disk.then(act).catch((error: unknown) => { this.#log.error({ err: error }, 'a certificate could not be kept: another is made at the next start') })
  }

  #tell(change: Change): void {
    this.#snapshot.touch()
    for (const follower of this.#followers) follower(change)
  }
}

function newTicketKey(): string {
  return randomBytes(48).toString('base64')
}
