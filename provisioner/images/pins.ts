// Which version of an image a house's sites have in the newest's place, while an administrator has gone back to it. Read whenever a pod is made
// ready. Kept beside the pods and not in the registry: version numbers belong to this machine's store, and a restored house has another.
import { readFileSync } from 'node:fs'
import { places } from '../../wire/house.ts'
import { replaceDurably } from '../state.ts'

const fileOf = (data: string): string => `${places(data).pods}/.images.json`

/** The pins of the house in `data`, by an image's name. */
export function readPins(data: string): Map<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(fileOf(data), 'utf8')) as Record<string, number>))
  } catch {
    return new Map()
  }
}

export class Pins {
  readonly #data: string
  readonly #pins: Map<string, number>

  constructor(data: string) {
    this.#data = data
    this.#pins = readPins(data)
  }

  /** The version in the newest's place, or null. */
  get(name: string): number | null {
    return this.#pins.get(name) ?? null
  }

  /** On disk for good when it resolves. */
  async set(name: string, version: number | null): Promise<void> {
    const next = new Map(this.#pins)
    if (version === null) next.delete(name)
    else next.set(name, version)
    await replaceDurably(fileOf(this.#data), JSON.stringify(Object.fromEntries(next)))
    if (version === null) this.#pins.delete(name)
    else this.#pins.set(name, version)
  }
}
