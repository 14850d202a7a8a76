// Sites as the API answers them: SiteView and what belongs to it, of ../../desk.ts.
import { Type } from '@fastify/type-provider-typebox'
import { bytes, flag, moment, orNull, shape, text, texts, whole, word } from './shape.ts'

export const state = word('creating', 'running', 'frozen', 'asleep', 'waking', 'sleeping', 'failed', 'suspended')

const Milliseconds = Type.Number({ description: 'milliseconds' })
const Limits = shape('Limits', { memory: bytes, cpu: Type.Number({ description: 'cores' }), disk: bytes, pids: whole, database: bytes })
const Usage = shape('Usage', { memory: bytes, disk: bytes, files: whole, database: orNull(bytes) })
const Database = shape('Database', { host: text, port: whole, name: text, user: text, password: text })
const Cause = Type.Union([
  Type.Object({ by: word('visitor'), method: text, path: text, agent: word('browser', 'robot', 'tool', 'none') }),
  Type.Object({ by: word('owner', 'admin', 'cron') }),
], { title: 'WakeCause' })
export const Reasons = Type.Array(Type.Union([
  Type.Object({ what: word('requests', 'commands'), count: whole }),
  Type.Object({ what: word('recent'), until: moment }),
]), { description: 'what keeps it from sleeping' })

const depth = word('frozen', 'asleep')
const LastWake = shape('LastWake', {
  at: moment, cause: Cause, ms: Milliseconds, from: depth,
  phases: Type.Object({ queue: Milliseconds, prepare: Milliseconds, start: Milliseconds, probe: Milliseconds }),
})

export const Wake = shape('Wake', {
  at: moment, cause: Cause, ms: Milliseconds, from: depth, outcome: word('ok', 'failed', 'no_room', 'left'),
  phases: Type.Object({ queue: Type.Optional(Milliseconds), prepare: Type.Optional(Milliseconds), start: Type.Optional(Milliseconds), probe: Type.Optional(Milliseconds) }),
  failure: Type.Optional(text),
})

export const Sample = shape('UsageSample', { at: moment, requests: whole, wakes: whole, memory: bytes, disk: orNull(bytes) })

export const Site = shape('Site', {
  name: text, kind: word('site', 'external'), url: text, state, owner: text,
  image: orNull(text), imageVersion: orNull(text), restartNeeded: flag, ipv4: texts, ipv6: texts, www: flag,
  limits: orNull(Limits), env: Type.Record(text, text), php: Type.Record(text, text), start: orNull(text), wakeForRobots: flag,
  ports: Type.Array(Type.Object({ port: whole, proxyProtocol: flag })), mostPorts: whole, egress: orNull(word('internet', 'none')),
  usage: orNull(Usage), database: orNull(Database), release: orNull(text), releases: texts, createdAt: moment, lastWake: orNull(LastWake),
  awake: orNull(Type.Object({ since: moment, cause: orNull(Cause), because: Reasons })), failure: orNull(text),
})

export const Released = shape('Released', { release: text })

export const Listing = shape('Directory', {
  path: text, truncated: flag,
  entries: Type.Array(Type.Object({ name: text, type: word('file', 'directory', 'other'), link: flag, size: bytes, modifiedAt: moment })),
})

export const Version = shape('FileVersion', { version: text })

export const Final = shape('FinalBackup', { id: text, name: text, bytes, madeAt: moment, keptUntil: moment, owner: orNull(text) })
