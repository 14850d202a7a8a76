// Questions to one name server, of what it knows itself: over UDP or TCP. Called by outside.ts and what looks at parent and secondaries.
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { Packet } from 'dns2'

const PATIENCE = 3_000
const TRIES = 3
export const TYPE = { A: 1, NS: 2, SOA: 6, AAAA: 28, DS: 43 } as const

export type Server = { address: string; port: number }
export type Said = 'authoritative' | 'something else' | 'nothing'

/** What the server says to a question for the zone's SOA. */
export async function askSoa(zone: string, { over, ...server }: Server & { over: 'udp' | 'tcp' }): Promise<Said> {
  return verdict(await ask(zone, TYPE.SOA, server, over))
}

/** The serial of the zone's version that the server has; null with what it said instead. */
export async function serialAt(zone: string, server: Server): Promise<{ said: Said; serial: number | null }> {
  const answer = await look(zone, TYPE.SOA, server)
  const soa = answer?.answers.find(record => record.type === TYPE.SOA)
  return { said: verdict(answer), serial: soa?.serial ?? null }
}

/** The answer to a question, over TCP where UDP brings none or half of it; null: none. */
export async function look(name: string, type: number, server: Server): Promise<Packet | null> {
  const answer = await ask(name, type, server, 'udp')
  return answer === null || answer.header.tc === 1 ? await ask(name, type, server, 'tcp') : answer
}

function verdict(answer: Packet | null): Said {
  if (answer === null) return 'nothing'
  const { aa, rcode, ancount } = answer.header
  return aa === 1 && rcode === 0 && ancount > 0 ? 'authoritative' : 'something else'
}

async function ask(name: string, type: number, server: Server, over: 'udp' | 'tcp'): Promise<Packet | null> {
  const query = queryFor(name, type)
  const answer = over === 'tcp' ? await overTcp(query, server) : await overUdp(query, server)
  if (answer === null || answer.length < query.length || answer.readUInt16BE(0) !== query.readUInt16BE(0) || ((answer[2] ?? 0) & 0x80) === 0) return null
  return Packet.parse(answer)
}

/** RFC 1035 section 4.1: a header that asks for no recursion, one question. */
function queryFor(name: string, type: number): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(randomInt(65536), 0)
  head.writeUInt16BE(1, 4)
  const labels = name.split('.').filter(label => label !== '').map(label => Buffer.from(String.fromCharCode(label.length) + label, 'latin1'))
  return Buffer.concat([head, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])])
}

async function overUdp(query: Buffer, server: Server): Promise<Buffer | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await onceUdp(query, server)
    if (answer) return answer
  }
  return null
}

function onceUdp(query: Buffer, { address, port }: Server): Promise<Buffer | null> {
  return new Promise(resolve => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const end = (answer: Buffer | null): void => { clearTimeout(late); socket.close(); resolve(answer) }
    const late = setTimeout(() => end(null), PATIENCE / TRIES)
    socket.once('message', end).once('error', () => end(null))
    socket.send(query, port, address, error => { if (error) end(null) })
  })
}

/** RFC 1035 section 4.2.2: two octets of length before each message. */
function overTcp(query: Buffer, { address, port }: Server): Promise<Buffer | null> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, timeout: PATIENCE })
    let held = Buffer.alloc(0)
    const end = (answer: Buffer | null): void => { socket.destroy(); resolve(answer) }
    socket.once('timeout', () => end(null)).once('error', () => end(null)).once('close', () => end(null))
    socket.on('data', chunk => {
      held = Buffer.concat([held, chunk])
      if (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) end(held.subarray(2, 2 + held.readUInt16BE(0)))
    })
    socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query]))
  })
}
