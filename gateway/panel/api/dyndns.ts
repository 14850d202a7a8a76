// dyndns2, as routers, ddclient and inadyn speak it: `GET /nic/update?hostname=…&myip=…` with a username and a token by Basic. Each host has a line of the
// answer: good or nochg with the addresses, nohost, notfqdn, numhost, abuse, 911; badauth is for all of them.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseAddress } from '../../../registry/parse.ts'
import type { Account } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { RATES, visitor } from '../rates.ts'
import { stream } from '../shapes/shape.ts'
import { addressOf, isSecure } from '../visit.ts'

/** Hosts in one request, as dyndns2 has it. */
const MOST_HOSTS = 20

const Update = Type.Object({
  hostname: Type.Optional(Type.String({ maxLength: 6000, description: 'whole names, with commas between them' })),
  myip: Type.Optional(Type.String({ maxLength: 1000, description: 'IPv4 and IPv6 addresses, with commas between them; without it, or where none is public, the caller\'s' })),
  myipv6: Type.Optional(Type.String({ maxLength: 1000, description: 'IPv6 addresses, where the program sends them apart' })),
}, { additionalProperties: true })

const lines = stream('text/plain', 'a line for each host, or one word for all')

type Query = { hostname?: string; myip?: string; myipv6?: string }

export function addDyndns(app: App, room: Room): void {
  app.get('/nic/update', { config: { access: 'anyone', basic: true }, schema: { summary: 'dyndns2: where hosts point from now on (Basic: username and token)', querystring: Update, response: { 200: lines, 401: lines, 429: lines } } },
    (request, reply) => update(room, request, reply, request.query))
}

async function update(room: Room, request: FastifyRequest, reply: FastifyReply, query: Query): Promise<FastifyReply> {
  reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store')
  const caller = recognised(room, request)
  if (caller === 'abuse') return reply.code(429).send('abuse\n')
  if (caller === null) return reply.code(401).header('www-authenticate', 'Basic realm="dyndns"').send('badauth\n')
  const hosts = (query.hostname ?? '').split(',').map(host => host.trim().toLowerCase().replace(/\.$/, '')).filter(host => host !== '')
  if (hosts.length === 0) return reply.send('notfqdn\n')
  if (hosts.length > MOST_HOSTS) return reply.send('numhost\n')
  const addresses = addressesOf(room, request, query)
  const lines: string[] = []
  for (const host of hosts) lines.push(await line(room, request, caller, host, addresses))
  return reply.send(`${lines.join('\n')}\n`)
}

type Caller = { account: Account; site: string | null }

/** Who calls; null: nobody we know; `abuse`: too often, or locked out. A token that may do more than this never comes in the clear. */
function recognised(room: Room, request: FastifyRequest): Caller | 'abuse' | null {
  const address = `dyndns @${visitor(addressOf(request))}`
  if (!room.rates.has(address, RATES.dyndnsFailure)) return 'abuse'
  const [username, token] = basic(request.headers.authorization ?? '')
  const found = token === '' ? null : room.registry.tokens.find(token)
  const may = found?.scope.may === 'dyndns' || (found?.scope.may === 'all' && (isSecure(request) || room.house.zone === 'localhost'))
  if (found === null || !may || found.account.username !== username.toLowerCase()) {
    room.rates.count(address, RATES.dyndnsFailure)
    return null
  }
  const own = `dyndns ${found.account.username}`
  if (found.account.suspended !== null || !room.rates.has(own, RATES.dyndns)) return 'abuse'
  room.rates.count(own, RATES.dyndns)
  return { account: found.account, site: found.scope.may === 'dyndns' ? found.scope.site : null }
}

/** RFC 7617: the username ends at the first colon. */
function basic(header: string): [string, string] {
  const text = Buffer.from(/^basic +([\w+/=-]{1,2000})$/i.exec(header)?.[1] ?? '', 'base64').toString()
  const at = text.indexOf(':')
  return at < 0 ? ['', ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Those said that everyone can reach, else the caller's own: routers behind others say what they know. Null: not even that. */
function addressesOf(room: Room, request: FastifyRequest, { myip = '', myipv6 = '' }: Query): string[] | null {
  const said = usable(room, `${myip},${myipv6}`.split(','))
  if (said.length > 0) return said
  const seen = usable(room, [addressOf(request).replace(/^::ffff:(?=\d+\.)/i, '')])
  return seen.length > 0 ? seen : null
}

function usable(room: Room, given: string[]): string[] {
  const reach = room.house.zone === 'localhost' ? 'any' : 'public'
  const found = given.flatMap(one => {
    try {
      return [parseAddress(one, reach).address]
    } catch {
      return []
    }
  })
  return [...new Set(found)].slice(0, 16)
}

async function line(room: Room, request: FastifyRequest, { account, site }: Caller, host: string, addresses: string[] | null): Promise<string> {
  if (!/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$/.test(host)) return 'notfqdn'
  if (site !== null && !`.${host}`.endsWith(`.${site}.${room.house.zone}`)) return 'nohost'
  if (addresses === null) return '911'
  try {
    const outcome = await room.desk.repoint(account, host, addresses)
    return outcome === 'nohost' ? outcome : `${outcome} ${addresses.join(',')}`
  } catch (error) {
    if (error instanceof AubergeError && error.code === 'not_found') return 'nohost'
    request.log.error({ err: error, host }, 'a dynamic name could not be updated')
    return '911'
  }
}
