// A recursive resolver on a real UDP socket that knows what a test says, for whatever asks DNS about the outside. Packets by dns2.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Packet } from 'dns2'

/** What a name has. An alias is followed, as a resolver does. */
export type Names = { a?: string[]; aaaa?: string[]; txt?: string[]; cname?: string }

export type TestResolver = {
  /** `127.0.0.1:PORT` */
  address: string
  names: Map<string, Names>
  /** answers: as it should. failing: SERVFAIL. silent: nothing at all. */
  mood: 'answers' | 'failing' | 'silent'
  /** Names of which it says nothing at all. */
  mute: (name: string) => boolean
  /** Questions asked, as `TXT _auberge.example.org`. */
  asked: string[]
  close(): void
}

const SERVFAIL = 2
const NXDOMAIN = 3
const HOPS = 8

export async function openResolver(names: Record<string, Names> = {}): Promise<TestResolver> {
  const socket = createSocket('udp4')
  const resolver: TestResolver = { address: '', names: new Map(Object.entries(names)), mood: 'answers', mute: () => false, asked: [], close: () => { socket.close() } }
  socket.on('message', (bytes, from) => {
    const reply = resolver.mood === 'silent' ? null : replyTo(resolver, Packet.parse(bytes))
    if (reply) socket.send(reply, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  resolver.address = `127.0.0.1:${socket.address().port}`
  return resolver
}

type Resource = InstanceType<typeof Packet.Resource>

function replyTo(resolver: TestResolver, query: Packet): Buffer | null {
  const [question] = query.questions
  const reply = Packet.createResponseFromRequest(query)
  reply.header.ra = 1
  reply.additionals = []
  if (!question) return reply.toBuffer()
  const type = Object.entries(Packet.TYPE).find(([, code]) => code === question.type)?.[0] ?? 'OTHER'
  const name = question.name.toLowerCase()
  resolver.asked.push(`${type} ${name}`)
  if (resolver.mute(name)) return null
  if (resolver.mood === 'failing') reply.header.rcode = SERVFAIL
  else if (!resolver.names.has(name)) reply.header.rcode = NXDOMAIN
  else reply.answers = answersTo(resolver.names, name, type)
  return reply.toBuffer()
}

function answersTo(names: TestResolver['names'], asked: string, type: string): Resource[] {
  const answers: Resource[] = []
  let name = asked
  for (let hop = 0; hop < HOPS; hop++) {
    const has = names.get(name)
    if (has?.cname === undefined || type === 'CNAME') return [...answers, ...recordsOf(name, has ?? {}, type)]
    answers.push(resource(name, Packet.TYPE.CNAME, { domain: has.cname }))
    name = has.cname
  }
  return answers
}

function recordsOf(name: string, { a = [], aaaa = [], txt = [], cname }: Names, type: string): Resource[] {
  if (type === 'A') return a.map(address => resource(name, Packet.TYPE.A, { address }))
  if (type === 'AAAA') return aaaa.map(address => resource(name, Packet.TYPE.AAAA, { address }))
  if (type === 'TXT') return txt.map(data => resource(name, Packet.TYPE.TXT, { data }))
  return type === 'CNAME' && cname !== undefined ? [resource(name, Packet.TYPE.CNAME, { domain: cname })] : []
}

function resource(name: string, type: number, data: object): Resource {
  return new Packet.Resource({ name, type, class: Packet.CLASS.IN, ttl: 0, ...data })
}
