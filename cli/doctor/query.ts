// One question to one name server, over UDP or TCP: whether it answers, and for the zone. Called by outside.ts.
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'

const PATIENCE = 3_000
const TRIES = 3
const SOA = 6

export type Said = 'authoritative' | 'something else' | 'nothing'

/** What the server at `address` says to a question for the zone's SOA. */
export async function askSoa(zone: string, { address, port, over }: { address: string; port: number; over: 'udp' | 'tcp' }): Promise<Said> {
  const query = soaQuery(zone)
  const answer = over === 'tcp' ? await overTcp(query, address, port) : await overUdp(query, address, port)
  if (answer === null || answer.length < 12 || answer.readUInt16BE(0) !== query.readUInt16BE(0)) return 'nothing'
  const [flags, rcode, answers] = [answer[2] ?? 0, (answer[3] ?? 0) & 15, answer.readUInt16BE(6)]
  return (flags & 0x84) === 0x84 && rcode === 0 && answers > 0 ? 'authoritative' : 'something else'
}

/** RFC 1035 section 4.1: a header, one question. */
function soaQuery(zone: string): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(randomInt(65536), 0)
  head.writeUInt16BE(1, 4)
  const labels = zone.split('.').map(label => Buffer.from(String.fromCharCode(label.length) + label, 'latin1'))
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, SOA, 0, 1])])
}

async function overUdp(query: Buffer, address: string, port: number): Promise<Buffer | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await onceUdp(query, address, port)
    if (answer) return answer
  }
  return null
}

function onceUdp(query: Buffer, address: string, port: number): Promise<Buffer | null> {
  return new Promise(resolve => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const end = (answer: Buffer | null): void => { clearTimeout(late); socket.close(); resolve(answer) }
    const late = setTimeout(() => end(null), PATIENCE / TRIES)
    socket.once('message', end).once('error', () => end(null))
    socket.send(query, port, address, error => { if (error) end(null) })
  })
}

/** RFC 1035 section 4.2.2: two octets of length before each message. */
function overTcp(query: Buffer, address: string, port: number): Promise<Buffer | null> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, timeout: PATIENCE })
    let held = Buffer.alloc(0)
    const end = (answer: Buffer | null): void => { socket.destroy(); resolve(answer) }
    socket.once('timeout', () => end(null)).once('error', () => end(null)).once('close', () => end(null))
    socket.on('data', chunk => {
      held = Buffer.concat([held, chunk])
      if (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) end(held.subarray(2))
    })
    socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query]))
  })
}
