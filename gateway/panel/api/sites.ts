// Sites: reserving a name, looking, changing, deleting.
import { isIPv4, isIPv6 } from 'node:net'
import { Type, type Static } from '@fastify/type-provider-typebox'
import { AubergeError } from '../../../wire/error.ts'
import { mostLimits } from '../../../registry/parse.ts'
import { parsePhp } from '../../../registry/php.ts'
import { MOST_PORTS } from '../../../registry/ports.ts'
import { DEFAULT_LIMITS, type Account, type Limits } from '../../../registry/types.ts'
import type { SiteView } from '../../desk.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import type { Room } from '../parts.ts'
import { find } from './accounts.ts'
import { nothing } from '../shapes/shape.ts'
import { Sample, Site, Wake } from '../shapes/site.ts'

const Name = Type.String({ maxLength: 300 })
const Named = Type.Object({ name: Type.String() })

const NewSite = Type.Object({
  name: Name,
  kind: Type.Optional(Type.Union([Type.Literal('site'), Type.Literal('external')])),
  image: Type.Optional(Name),
  addresses: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20, description: 'where an external name points: IPv4 and IPv6 addresses' })),
  owner: Type.Optional(Type.String({ maxLength: 200, description: 'administrators only: whose site it is' })),
}, { additionalProperties: false })

const SomeLimits = Type.Object({
  memory: Type.Optional(Type.Integer({ minimum: 16 * 2 ** 20, description: 'bytes' })),
  cpu: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1024, description: 'cores' })),
  disk: Type.Optional(Type.Integer({ minimum: 16 * 2 ** 20, description: 'bytes' })),
  pids: Type.Optional(Type.Integer({ minimum: 8, maximum: 100_000 })),
  database: Type.Optional(Type.Integer({ minimum: 2 ** 20, description: 'bytes' })),
}, { additionalProperties: false })

const Change = Type.Object({
  image: Type.Optional(Name),
  limits: Type.Optional(SomeLimits),
  env: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String({ maxLength: 32_768 }), { maxProperties: 200, additionalProperties: false })),
  php: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Union([Type.String({ maxLength: 200 }), Type.Number(), Type.Boolean()]), { maxProperties: 100, description: 'settings of PHP by their names in php.ini; the rest are as the image has them' })),
  start: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()], { description: 'the command that starts an application; null: the image\'s own' })),
  wakeForRobots: Type.Optional(Type.Boolean({ description: 'whether robots and scanners wake the site while it sleeps; docs/waking.md' })),
  egress: Type.Optional(Type.Union([Type.Literal('internet'), Type.Literal('none')], { description: 'what the pod may reach of its own accord; it takes effect at once' })),
  addresses: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20, description: 'where an external name points from now on' })),
  www: Type.Optional(Type.Boolean({ description: 'whether www. of the name answers as the name does' })),
  mostPorts: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_PORTS, description: 'administrators only: how many ports of its own IPv6 address its owner may open' })),
  tier: Type.Optional(Type.Union([Type.Literal('running'), Type.Literal('frozen'), Type.Literal('asleep')])),
}, { additionalProperties: false })

const Removal = Type.Object({ purge: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])) })

export function addSites(app: App, room: Room): void {
  app.get('/api/sites', { config: { access: 'account' }, schema: { summary: 'My sites; for an administrator, all', response: { 200: Type.Array(Site) } } },
    request => listSites(room, caller(request)))
  app.post('/api/sites', { config: { access: 'account', errors: ['name_taken', 'name_invalid', 'name_reserved', 'quota', 'not_found', 'conflict'] }, schema: { summary: 'Reserve a name; 201 once it resolves and routes', body: NewSite, response: { 201: Site } } },
    async (request, reply) => reply.code(201).send(await createSite(room, caller(request), request.body)))
  app.get('/api/sites/:name', { config: { access: 'owner' }, schema: { summary: 'A site, with what it uses', params: Named, response: { 200: Site } } },
    request => room.desk.view(siteName(request), { usage: true }))
  app.get('/api/sites/:name/wakes', { config: { access: 'owner' }, schema: { summary: 'Its last wakes, newest first: when, why, how long each part took and what came of it', params: Named, response: { 200: Type.Array(Wake) } } },
    request => room.desk.wakes(siteName(request)))
  app.get('/api/sites/:name/usage', { config: { access: 'owner' }, schema: { summary: 'How it was used over the last week, by half hours: requests, wakes, most memory, disk', params: Named, response: { 200: Type.Array(Sample) } } },
    request => room.desk.history(siteName(request)))
  app.patch('/api/sites/:name', { config: { access: 'owner', errors: ['quota', 'conflict'] }, schema: { summary: 'Change image, limits, environment, PHP settings, start command, whom it wakes for, what it may reach, or tier', params: Named, body: Change, response: { 200: Site } } },
    request => changeSite(room, caller(request), siteName(request), request.body))
  app.delete('/api/sites/:name', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Delete a site; its final backup is kept for a while', params: Named, querystring: Removal, response: { 204: nothing } } },
    async (request, reply) => {
      const { purge } = request.query
      await deleteSite(room, caller(request), siteName(request), purge === '1')
      return reply.code(204).send()
    })
}

function listSites(room: Room, account: Account): SiteView[] {
  return account.role === 'admin' ? room.desk.list() : room.desk.list(account)
}

/** Reserves for the caller, or for `owner` where the caller is an administrator. */
export function createSite(room: Room, account: Account, wish: Static<typeof NewSite>): Promise<SiteView> {
  const owner = ownerOf(room, account, wish.owner)
  const { name, image } = wish
  if (wish.kind === 'external') return room.desk.createSite(account, { name, owner, addresses: sort(wish.addresses ?? []) })
  if (wish.addresses !== undefined) throw new AubergeError('invalid', 'Addresses are for names of kind "external".')
  return room.desk.createSite(account, { name, owner, ...(image === undefined ? {} : { image }) })
}

function ownerOf(room: Room, account: Account, username: string | undefined): Account {
  if (username !== undefined && username !== account.username) {
    if (account.role !== 'admin') throw new AubergeError('forbidden', 'Only an administrator reserves names for others.')
    return find(room, username)
  }
  if (account.id === 0) throw new AubergeError('invalid', 'Say whose site it is: the field "owner" is missing.')
  return account
}

function sort(addresses: string[]): { a: string[]; aaaa: string[] } {
  const bad = addresses.find(address => !isIPv4(address) && !isIPv6(address))
  if (bad !== undefined) throw new AubergeError('invalid', `"${bad}" is not an IP address.`)
  if (addresses.length === 0) throw new AubergeError('invalid', 'An external name needs at least one address in "addresses".')
  return { a: addresses.filter(isIPv4), aaaa: addresses.filter(isIPv6) }
}

/** Changes what is named, within what the account may choose. */
export async function changeSite(room: Room, account: Account, name: string, change: Static<typeof Change>): Promise<SiteView> {
  const { tier, limits, php, addresses, www, ...wanted } = change
  if (addresses !== undefined) await pointElsewhere(room, account, name, addresses, Object.keys(change).some(key => key !== 'addresses' && key !== 'www'))
  if (www !== undefined) await room.desk.setWww(account, name, www)
  if (wanted.mostPorts !== undefined && account.role !== 'admin') throw new AubergeError('forbidden', 'How many ports a site may open is for the administrator to say.')
  if (limits !== undefined && account.role !== 'admin') checkLimits(room, name, limits)
  const all = { ...wanted, ...(limits === undefined ? {} : { limits }), ...(php === undefined ? {} : { php: parsePhp(php) }) }
  if (Object.keys(all).length > 0) await room.desk.updateSite(account, name, all)
  if (tier === 'running') return room.desk.wake(account, name)
  if (tier !== undefined) return room.desk.sleep(account, name, tier)
  return room.desk.view(name)
}

/** Where an external name points from now on. `more`: something else was to be changed with it, which such a name has not. */
export async function pointElsewhere(room: Room, account: Account, name: string, addresses: string[], more = false): Promise<void> {
  const { kind } = await room.desk.view(name)
  if (kind !== 'external') throw new AubergeError('invalid', `${name} is a site here: its addresses are this house's.`)
  if (more) throw new AubergeError('invalid', `${name} points elsewhere: it has addresses, and nothing else to change.`)
  await room.desk.point(account, name, sort(addresses))
}

function checkLimits(room: Room, name: string, wanted: Partial<Limits>): void {
  const most = mostLimits(room.registry.sites.get(name)?.limits ?? DEFAULT_LIMITS)
  for (const key of ['memory', 'cpu', 'disk', 'pids', 'database'] as const) {
    if ((wanted[key] ?? 0) > most[key]) throw new AubergeError('quota', `${key} may be ${most[key]} at most. The administrator can allow more.`)
  }
}

/** Without a final backup (`purge`) only administrators delete. */
async function deleteSite(room: Room, account: Account, name: string, purge: boolean): Promise<void> {
  if (purge && account.role !== 'admin') throw new AubergeError('forbidden', 'Only an administrator deletes without a final backup.')
  await room.desk.deleteSite(account, name, { purge })
}
