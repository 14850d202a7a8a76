// Proves to an ACME server that the zone is ours: TXT records that our own DNS answers (DNS-01, RFC 8555 section 8.4). Made by certify.ts.
import { Resolver } from 'node:dns/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { AubergeError } from '../../wire/error.ts'
import type { House } from '../../wire/house.ts'
import type { Logger } from '../../wire/log.ts'
import type { Challenge, Solver } from '../certificates/acme/challenge.ts'
import type { Zone } from './zone.ts'

const LABEL = '_acme-challenge'
/** Seconds it may be cached: the next one is another. */
const TTL = 5
/** Milliseconds in all that DNS, and then a secondary, has to answer with it; and between two looks. */
const PATIENCE = { dns: 60_000, secondary: 60_000, look: 1_000 }

/** Several values at a time are one set of records: a wildcard and its apex have a challenge each under the same name. */
export function dnsSolver({ zone, house, log }: { zone: Zone; house: House; log: Logger }): Solver {
  const values = new Set<string>()
  const show = (): Promise<boolean> => zone.set(LABEL, values.size === 0 ? null : { a: [], aaaa: [], sets: [{ type: 'TXT', ttl: TTL, data: [...values].map(value => `"${value}"`) }] })
  return {
    type: 'dns-01',
    async present({ domain, digest }) {
      if (domain !== house.zone) throw new AubergeError('failed', `${domain} is not ${house.zone}, and only that is proven by our own DNS`)
      values.add(textOf(digest))
      await acknowledged(show)
      await Promise.all(house.secondaries.map(({ address, port }) => copied({ address, port, name: `${LABEL}.${house.zone}`, value: textOf(digest), log })))
    },
    async cleanup({ digest }) {
      if (values.delete(textOf(digest))) await show()
    },
  }
}

function textOf(digest: Challenge['digest']): string { return digest.toString('base64url') }

/** DNS may be about to be started again: it is told until it says that it has it. */
async function acknowledged(show: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE.dns
  while (!await show()) {
    if (performance.now() > end) throw new AubergeError('unavailable', 'the name server has not taken in the record that proves the zone; its log lines on standard error say why')
    await pause(PATIENCE.look)
  }
}

/** A secondary that doesn't follow in time is no reason to give up: whoever looks may ask another. */
async function copied({ address, port, name, value, log }: { address: string; port: number; name: string; value: string; log: Logger }): Promise<void> {
  const resolver = new Resolver({ timeout: PATIENCE.look, tries: 1 })
  resolver.setServers([address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`])
  const end = performance.now() + PATIENCE.secondary
  while (performance.now() < end) {
    const found = await resolver.resolveTxt(name).catch(() => [])
    if (found.some(strings => strings.join('') === value)) return
    await pause(PATIENCE.look)
  }
  log.warn({ secondary: address }, 'a secondary does not answer with the record that proves the zone: an ACME server that asks it will refuse')
}
