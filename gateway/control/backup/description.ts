// What a backup says of its site: the entry `auberge.json`, written when one is taken and read as a stranger's when one is brought back.
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { parseEnv, parseImage, parseLimits, parseStart } from '../../../registry/parse.ts'
import { parsePhp } from '../../../registry/php.ts'
import { DEFAULT_LIMITS, type Site, type SiteRecord } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'

/** Goes up with every change that an earlier program would misread. */
const VERSION = 1
const Words = Type.Record(Type.String(), Type.String())

/** Its schema. What is added without a new version is left unread by earlier programs. */
export const SITE_BACKUP = Type.Object({
  auberge: Type.Literal('site'),
  version: Type.Integer({ minimum: 1, maximum: VERSION, description: 'of this schema' }),
  name: Type.String({ maxLength: 63, description: 'what the site was called; it may be restored to another name' }),
  madeAt: Type.String({ maxLength: 40, description: 'ISO 8601' }),
  settings: Type.Object({
    image: Type.String({ description: 'an image, or one version of it' }),
    limits: Type.Object({ memory: Type.Number(), cpu: Type.Number(), disk: Type.Number(), pids: Type.Number(), database: Type.Optional(Type.Number()) }, { additionalProperties: false }),
    env: Words,
    php: Words,
    start: Type.Union([Type.String(), Type.Null()]),
    wakeForRobots: Type.Boolean(),
    egress: Type.Optional(Type.Union([Type.Literal('internet'), Type.Literal('none')], { description: 'without it: internet' })),
    records: Type.Optional(Type.Array(Type.Object({ name: Type.String(), type: Type.String(), ttl: Type.Integer(), data: Type.String() }), { maxItems: 1000, description: 'what is kept in DNS under the name; without it: what is there stays' })),
    www: Type.Optional(Type.Boolean({ description: 'whether www. of the name answers as it does; without it: as it is' })),
  }),
})

/** What a restore sets. `records` is judged where it is known to what name they come. */
export type Settings = Pick<Site, 'image' | 'limits' | 'env' | 'php' | 'start' | 'wakeForRobots' | 'egress'> & { records?: SiteRecord[]; www?: boolean }

export function describe({ name, image, limits, env, php, start, wakeForRobots, egress, records = [], www = false }: Settings & { name: string }): string {
  const settings = { image, limits, env, php, start, wakeForRobots, egress, records, www }
  const description: Static<typeof SITE_BACKUP> = { auberge: 'site', version: VERSION, name, madeAt: new Date().toISOString(), settings }
  return `${JSON.stringify(description, null, 2)}\n`
}

/** `bad_archive` for what isn't such a description, or is newer than this program; `invalid` for a setting that nobody could make. */
export function parseDescription(text: string): { name: string; settings: Omit<Settings, 'records' | 'www'>; records: unknown; www: boolean | null } {
  const found = json(text)
  const version = (found as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > VERSION) throw new AubergeError('bad_archive', `the backup has version ${version}, this program knows up to ${VERSION}: restore it with a newer Auberge`)
  if (!Value.Check(SITE_BACKUP, found)) throw new AubergeError('bad_archive', `the description in the backup is not as it should be${where(found)}; nothing was restored`)
  const { image, limits, env, php, start, wakeForRobots, egress = 'internet' } = found.settings
  return {
    name: found.name, records: found.settings.records ?? null, www: found.settings.www ?? null,
    settings: { image: parseImage(image), limits: { ...DEFAULT_LIMITS, ...parseLimits(limits) }, env: parseEnv(env), php: parsePhp(php), start: parseStart(start), wakeForRobots, egress },
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function where(found: unknown): string {
  const first = Value.Errors(SITE_BACKUP, found).First()
  return first ? ` (${first.path.slice(0, 80) || '/'}: ${first.message})` : ''
}
