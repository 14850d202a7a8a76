// What follows the question in an answer, encoded by dns2. Called by addresses.ts, for what isn't addresses alone; names in it are
// pointers into the question (RFC 1035 section 4.1.4), so that it fits under every question name of the same length.
import { Packet } from 'dns2'
import { CLASS_IN, HEADER } from './codes.ts'
import type { Lookup, Rrset } from './zone.ts'

type Resource = InstanceType<typeof Packet.Resource>

/** `essential`: how many of the bytes are answer and authority; the rest, additionals, may be left out (RFC 2181 section 9). */
export type Body = { bytes: Buffer; essential: number; answers: number; authorities: number; additionals: number }

/** The body of `lookup` for a question name of `nameLength` octets in `zone` (`wireLength` octets). */
export function encode(lookup: Exclude<Lookup, { kind: 'refused' }>, nameLength: number, zone: { name: string; wireLength: number }): Body {
  const asked = placeholder(nameLength - zone.wireLength, zone.name)
  const records = (sets: Rrset[]): Resource[] => sets.flatMap(set => resources(set, asked))
  const answers = records(lookup.answers)
  const authorities = records(lookup.authorities)
  const additionals = records(lookup.additionals)
  const start = HEADER + nameLength + 4
  const bytes = written(asked, answers, authorities, additionals).subarray(start)
  const essential = additionals.length === 0 ? bytes.length : written(asked, answers, authorities, []).length - start
  return { bytes, essential, answers: answers.length, authorities: authorities.length, additionals: additionals.length }
}

/** A name of `octets` more than the zone's, in labels of 63 at most; equal to no name that the zone speaks of. */
function placeholder(octets: number, zone: string): string {
  const labels: string[] = []
  for (let left = octets; left > 0;) {
    const label = left === 65 ? 62 : Math.min(63, left - 1)
    labels.push('\x01'.repeat(label))
    left -= label + 1
  }
  return [...labels, zone].join('.')
}

function resources(set: Rrset, asked: string): Resource[] {
  const { type, ttl } = set
  return set.rdata.map(data => new Packet.Resource({ name: set.owner ?? asked, type, class: CLASS_IN, ttl, ...data }))
}

function written(asked: string, answers: Resource[], authorities: Resource[], additionals: Resource[]): Buffer {
  const packet = new Packet()
  packet.questions = [new Packet.Question(asked, Packet.TYPE.A, CLASS_IN)]
  packet.answers = answers
  packet.authorities = authorities
  packet.additionals = additionals
  return packet.toBuffer()
}
