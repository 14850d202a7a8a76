// The house as the API answers it to its administrator: routes, images, certificates, health.
import { Type } from '@fastify/type-provider-typebox'
import { bytes, flag, moment, orNull, shape, text, texts, whole, word } from './shape.ts'
import { Reasons, state } from './site.ts'

export const Route = shape('Route', {
  host: text, kind: word('site', 'static', 'panel'), site: orNull(text), owner: orNull(text), state: orNull(state), upstream: orNull(text), ipv4: texts, ipv6: texts,
  inFlight: whole, requests: whole, perSecond: Type.Number(), lastRequestAt: orNull(moment), lastWake: orNull(Type.Object({ at: moment, cause: text, ms: Type.Number() })), memory: bytes, because: orNull(Reasons),
})

export const Image = shape('Image', {
  name: text, version: whole, bytes, builtAt: moment, usedBy: whole, newest: flag, pinned: flag, forSites: flag,
  takes: orNull(word('php', 'start')),
})

export const Health = shape('Health', { ready: flag, parts: Type.Optional(Type.Record(text, flag)), warnings: Type.Optional(texts) })

export const Condition = shape('Condition', {
  zone: text, signup: word('open', 'invite', 'closed'), startedAt: moment, memory: Type.Object({ budget: bytes, held: bytes, waiting: whole }),
  disk: orNull(Type.Object({ promised: bytes, taken: bytes, free: bytes })), sites: Type.Record(text, whole, { description: 'how many, by state' }), accounts: whole, routes: whole,
  processes: Type.Array(Type.Object({ name: text, ready: flag, count: whole, memory: orNull(bytes) })),
  dns: orNull(Type.Object({ serial: whole, names: whole, servers: whole })),
  machine: Type.Object({ load: Type.Number(), cores: whole, memory: bytes, free: bytes, since: Type.Number({ description: 'milliseconds since 1970' }) }),
})

export const Reached = shape('Reached', {
  zone: text, publicIpv4: orNull(text), publicIpv6: orNull(text), ipv6Prefix: orNull(text), ports: Type.Object({ http: orNull(whole), https: orNull(whole), dns: orNull(whole) }),
  nameServer: orNull(Type.Object({ address: text, port: whole })), secondaries: Type.Array(Type.Object({ name: orNull(text), address: text, port: whole })), acme: orNull(Type.Object({ url: text, caFile: orNull(text) })),
})

export const Acme = shape('Acme', {
  server: text, account: orNull(text), clockError: Type.Number({ description: 'milliseconds this machine\'s clock is behind' }),
  orders: Type.Array(Type.Object({
    id: text, names: texts, state: word('issued', 'ordering', 'waiting', 'ended'), expiresAt: orNull(moment), renewAt: orNull(moment),
    trouble: orNull(Type.Object({ type: text, message: text, at: moment })), retryAt: orNull(moment),
  })),
})

export const Certificates = shape('Certificates', {
  authority: orNull(moment), leaves: Type.Array(Type.Object({ names: texts, trusted: flag, own: flag, expiresAt: moment })), acme: orNull(Acme),
})

/** Text by its path. */
export const Files = Type.Record(text, text)
export const Keyring = orNull(Type.Object({}, { additionalProperties: true }))
