// Finished bodies of answers, so that a hot answer is a copy. Called by respond.ts. The key is what the zone said, as an object: a
// change of the zone makes new objects, so nothing stale can be found, and what went is collected with its key. Names that
// answer alike share an object: random names below the zone are hits too.
import { addressesBody, encode, type Body } from './body.ts'
import type { Said } from './lookup.ts'
import type { Zone } from './zone.ts'

/** Bodies kept before all are forgotten; about 300 bytes each. */
const MOST = 2 ** 17

export class Cache {
  #bodies = new WeakMap<Said, Map<number, Body>>()
  #size = 0

  /** The body of what `zone` said to a question name of `nameLength` octets. */
  body(said: Said, nameLength: number, zone: Zone): Body {
    if (said.plain !== undefined) return said.plain ??= addressesBody(said)
    return this.#bodies.get(said)?.get(nameLength) ?? this.#encode(said, nameLength, zone)
  }

  #encode(said: Said, nameLength: number, zone: Zone): Body {
    if (this.#size >= MOST) this.#forget()
    const body = encode(said, nameLength, zone)
    const bodies = this.#bodies.get(said) ?? new Map<number, Body>()
    this.#bodies.set(said, bodies.set(nameLength, body))
    this.#size += 1
    return body
  }

  #forget(): void {
    this.#bodies = new WeakMap()
    this.#size = 0
  }
}
