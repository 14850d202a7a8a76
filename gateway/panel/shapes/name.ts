// Names as the API answers them: whether one is free, DNS records, custom domains, how the zone is signed.
import { Type } from '@fastify/type-provider-typebox'
import { flag, moment, orNull, shape, text, texts, whole, word } from './shape.ts'

export const Verdict = shape('Name', {
  name: Type.String({ description: 'as DNS holds it' }), unicode: Type.Optional(text), available: flag, code: Type.Optional(word('name_invalid', 'name_reserved', 'name_taken')),
  because: Type.Optional(word('empty', 'long', 'capitals', 'letters', 'hyphens', 'third', 'mixed', 'reserved', 'tools', 'lookalike', 'taken', 'resting')),
  reason: Type.Optional(text), suggestions: Type.Optional(texts),
})

export const Records = Type.Array(shape('Record', {
  name: text, type: word('A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'SRV', 'CAA'), ttl: Type.Integer({ description: 'seconds' }), data: text,
}))

export const Domain = shape('Domain', {
  domain: text, unicode: text, url: text, state: word('pending', 'verified', 'lapsed'), proof: orNull(word('txt', 'cname', 'address')), canonical: flag,
  finding: orNull(word('here', 'elsewhere', 'mixed', 'nowhere', 'unanswered', 'unproven', 'taken')), claimedAt: moment, checkedAt: orNull(moment), strayedAt: orNull(moment), expiresAt: orNull(moment),
  records: Type.Object({
    proof: Type.Object({ name: text, type: word('TXT'), value: text }),
    alias: orNull(Type.Object({ name: text, type: word('CNAME'), value: text })),
    addresses: Type.Object({ name: text, a: texts, aaaa: texts }),
  }, { description: 'what to set in its DNS' }),
})

export const Signing = shape('Signing', {
  zone: text, signed: flag, stage: word('off', 'steady', 'publishing', 'submitting', 'retiring', 'withdrawing', 'unsigning', 'withdrawn'), parent: word('unset', 'set'), note: text, until: orNull(moment),
  lost: Type.Array(text, { description: 'DS that the parent may have of keys that a restore did not bring' }),
  keys: Type.Array(Type.Object({ role: word('current', 'next'), tag: whole, madeAt: moment, ds: text, dnskey: text })),
})
