// The record sets that tell of the zone's keys, at its apex. Called by main.ts when it makes a zone.
import type { ZoneKeys } from '../../registry/keyring.ts'
import { dnskeyData, dsData } from '../../wire/dnskey.ts'
import { TYPE } from '../codes.ts'
import type { Rrset } from '../sets.ts'

/** Seconds. gateway/control/dnssec/roll.ts waits for what is remembered so long. */
const TTL = 3600

/** "No key any more" (RFC 8078 section 4). */
const NO_CDS = Buffer.from('0000000000', 'hex')
const NO_CDNSKEY = Buffer.from('0000030000', 'hex')

/** DNSKEY, and CDS and CDNSKEY, by which a parent that looks for them follows a change of keys by itself (RFC 7344). `zone`: dotted. */
export function keySets(zone: string, { keys, withdrawn }: ZoneKeys): Rrset[] {
  const all = keys.map(({ publicKey, announced }) => ({ dnskey: dnskeyData(Buffer.from(publicKey, 'base64')), announced }))
  const announced = all.filter(key => key.announced).map(({ dnskey }) => dnskey)
  return [
    setOf(TYPE.DNSKEY, all.map(({ dnskey }) => dnskey)),
    setOf(TYPE.CDS, withdrawn ? [NO_CDS] : announced.map(dnskey => dsData(zone, dnskey))),
    setOf(TYPE.CDNSKEY, withdrawn ? [NO_CDNSKEY] : announced),
  ]
}

function setOf(type: number, rdata: Buffer[]): Rrset {
  return { owner: null, type, ttl: TTL, rdata, wildcard: null }
}
