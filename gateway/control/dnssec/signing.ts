// The zone's keys: made when signing is first wanted, changed step by step, each step on disk before DNS or anybody hears of it. Called by
// assemble.ts and, for what administrators ask, by the desk.
import { readFile } from 'node:fs/promises'
import { parseKeyring, zoneKeys, type Key, type Keyring, type ZoneKeys } from '../../../registry/keyring.ts'
import { dnskeyData, dnskeyText, dsText } from '../../../wire/dnskey.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { Logger } from '../../../wire/log.ts'
import type { KeyView, SigningView } from '../../desk.ts'
import { writeWhole } from '../snapshot.ts'
import { generateKey } from './generate.ts'
import { describeLost, forgetLost, readLost } from './lost.ts'
import { advance, beginRing, cancel, confirm, describe, roll, withdraw } from './roll.ts'

/** `wanted`: the option of the house. `lostFile`: where a restore notes keys that it lacks. `changed` is told after the file is written, and resolves when DNS signs so. */
type Options = { zone: string; wanted: boolean; file: string; lostFile: string; log: Logger; changed: (keys: ZoneKeys | null) => Promise<void>; now?: () => number }

const OFF: Omit<SigningView, 'zone'> = { signed: false, stage: 'off', parent: 'unset', note: 'not signed; auberge up --dnssec signs the zone', until: null, keys: [], lost: [] }

export class Signing {
  readonly #options: Options
  readonly #now: () => number
  #ring: Keyring | null
  #lost: string[] = []
  /** Steps are taken one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: Options, ring: Keyring | null) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#ring = ring
  }

  /** Resolves with the keys on disk, or with new ones there. A file that can't be read ends it: other keys would cut the zone off from its parent. */
  static async open(options: Options): Promise<Signing> {
    const signing = new Signing(options, await readRing(options))
    if (signing.#ring === null && options.wanted) await signing.#keep(beginRing(options.zone, await generateKey([])))
    // Written in any case: a file that a restore brought has another mode.
    else if (signing.#ring !== null) await signing.#keep(advance(signing.#ring, signing.#now()))
    await signing.#recallLost()
    for (const warning of signing.warnings) options.log.warn(warning)
    if (!options.wanted && signing.keys !== null) options.log.warn('the zone stays signed, for its parent has a DS: auberge dns withdraw is the way out')
    return signing
  }

  /** What DNS shall sign with now; null: nothing. */
  get keys(): ZoneKeys | null { return zoneKeys(this.#ring, this.#options.wanted) }

  /** What an administrator must hear. */
  get warnings(): string[] { return this.#lost.length === 0 ? [] : [describeLost(this.#lost, this.keys !== null)] }

  view(): SigningView {
    const { zone } = this.#options
    const ring = this.#ring
    const lost = this.#lost
    if (ring === null || this.keys === null && ring.stage.is !== 'withdrawn') return { zone, ...OFF, note: this.warnings[0] ?? OFF.note, lost }
    const next = 'next' in ring.stage ? ring.stage.next : null
    const keys = [viewOf(zone, 'current', ring.current), ...(next ? [viewOf(zone, 'next', next)] : [])]
    return { zone, signed: this.keys !== null, stage: ring.stage.is, parent: ring.parent, note: this.warnings[0] ?? describe(ring), until: 'until' in ring.stage ? ring.stage.until : null, keys, lost }
  }

  /** Begins a change of keys. */
  roll(): Promise<SigningView> {
    return this.#step(async ring => roll(ring, await generateKey([ring.current.tag]), this.#now()))
  }

  /** The parent did what `view` asks for; where the zone isn't signed, that is to remove the DS of a lost key. */
  async confirm(): Promise<SigningView> {
    if (this.keys !== null || this.#lost.length === 0) await this.#step(ring => confirm(ring, this.#now()))
    await this.#forgetLost()
    return this.view()
  }

  cancel(): Promise<SigningView> { return this.#step(cancel) }
  withdraw(): Promise<SigningView> { return this.#step(withdraw) }

  /** Takes the step that is due by the clock, if any. */
  async round(): Promise<void> {
    if (this.#ring !== null && advance(this.#ring, this.#now()) !== this.#ring) await this.#step(ring => advance(ring, this.#now()))
  }

  #step(act: (ring: Keyring) => Keyring | Promise<Keyring>): Promise<SigningView> {
    const turn = this.#last.then(async () => {
      if (this.#ring === null || this.keys === null) throw new AubergeError('conflict', 'the zone is not signed; auberge up --dnssec signs it')
      await this.#keep(await act(this.#ring))
      this.#options.log.info({ stage: this.#ring.stage.is, tag: this.#ring.current.tag }, 'the keys of the zone took a step')
      await this.#options.changed(this.keys)
      return this.view()
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** A key that was brought back after all is lost no more. */
  async #recallLost(): Promise<void> {
    const { zone, lostFile } = this.#options
    this.#lost = await readLost(lostFile, zone)
    if (this.view().keys.some(({ ds }) => this.#lost.includes(ds))) await this.#forgetLost()
  }

  async #forgetLost(): Promise<void> {
    await forgetLost(this.#options.lostFile)
    this.#lost = []
  }

  async #keep(ring: Keyring): Promise<void> {
    await writeWhole(this.#options.file, `${JSON.stringify(ring)}\n`)
    this.#ring = ring
  }
}

async function readRing({ file, zone }: Options): Promise<Keyring | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    const ring = parseKeyring(text, zone)
    if (ring !== null) return ring
  } catch {
    // Said below.
  }
  throw new AubergeError('failed', `${file} holds no keys of the zone ${zone}; bring it back from a backup, or remove its DS from the parent zone and move the file away: new keys are made then`)
}

function viewOf(zone: string, role: KeyView['role'], { tag, publicKey, madeAt }: Key): KeyView {
  const dnskey = dnskeyData(Buffer.from(publicKey, 'base64'))
  return { role, tag, madeAt, ds: dsText(zone, dnskey), dnskey: dnskeyText(dnskey) }
}
