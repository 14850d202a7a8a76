// What changed lately, so that a secondary gets the changes and not the zone (IXFR, RFC 1995). Filled by main.ts, read by transfer.ts.
import type { NameRecords } from '../registry/types.ts'
import { TYPE } from './codes.ts'
import type { Rrset } from './sets.ts'
import type { Zone } from './zone.ts'

/** A record set under a name in wire form. */
export type Owned = readonly [key: string, set: Rrset]

/** One change: from a serial to the next, what went and what came. The SOA, which always changes, is in neither. */
export type Difference = { from: number; to: number; removed: Owned[]; added: Owned[] }

/** Record sets kept; a large one counts as several, of about 200 bytes each. A secondary that is further behind gets the whole zone. */
const MOST = 20_000
const USUAL = 200

export class Journal {
  #differences: Difference[] = []
  #size = 0

  add(difference: Difference): void {
    if (this.#differences.at(-1)?.to !== difference.from) this.clear()
    this.#differences.push(difference)
    this.#size += sizeOf(difference)
    while (this.#size > MOST) this.#size -= sizeOf(this.#differences.shift() ?? difference)
  }

  clear(): void {
    this.#differences = []
    this.#size = 0
  }

  /** What changed from `serial` on, oldest first; null where it isn't known any more. */
  since(serial: number): Difference[] | null {
    const first = this.#differences.findLastIndex(({ from }) => from === serial)
    return first < 0 ? null : this.#differences.slice(first)
  }
}

/** A change of nothing counts, too: it has two SOA. */
function sizeOf({ removed, added }: Difference): number {
  return weightOf(removed) + weightOf(added) + 2
}

/** Owners decide how large their sets are and how often they change. */
function weightOf(sets: Owned[]): number {
  return sets.reduce((sum, [, { rdata }]) => sum + 1 + Math.floor(rdata.reduce((bytes, each) => bytes + each.length, 0) / USUAL), 0)
}

/** Makes a change and says what it did. */
export function changed(zone: Zone, names: Record<string, NameRecords | null>, serial: number): Difference {
  const keys = Object.keys(names).map(name => zone.keyOf(name))
  const [from, removed] = [zone.serial, setsUnder(zone, keys)]
  zone.change(names, serial)
  return { from, to: serial, removed, added: setsUnder(zone, keys) }
}

function setsUnder(zone: Zone, keys: string[]): Owned[] {
  return keys.flatMap(key => (zone.setsAt(key) ?? []).filter(({ type }) => type !== TYPE.SOA).map(set => [key, set] as const))
}
