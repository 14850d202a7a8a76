// Tells secondaries that the zone changed (NOTIFY, RFC 1996), again and again until each has said that it heard. Called by main.ts.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { CLASS_IN, HEADER, OPCODE_NOTIFY, TYPE } from './codes.ts'
import { signatureOf } from './parse.ts'
import type { Peer } from './secondaries.ts'
import { isSignedBy, Signing, type Key } from './tsig.ts'

/** What is told: the zone's name in wire form and its serial. */
type News = { key: string; serial: number }

/** `said`: the code of the last answer that was none of use; null where there was silence. */
type Failure = { address: string; port: number; serial: number; said: number | null }
export type Ears = { heard?: (peer: Peer, serial: number) => void; failed?: (failure: Failure) => void }

/** Milliseconds to wait for an answer, one after the other; then the refresh time of the SOA is what is left. */
export const WAITS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]
/** Milliseconds between two notifications to one secondary: changes in between are told as one. */
export const PAUSE = 500

/** One secondary's news. Only the newest counts: a change while an older one is being told takes its place. */
class Line {
  readonly #peer: Peer
  readonly #ears: Ears
  readonly #waits: readonly number[]
  #news: News | null = null
  #round: { socket: Socket; timer: NodeJS.Timeout | null } | null = null
  #pause: NodeJS.Timeout | null = null

  constructor(peer: Peer, ears: Ears, waits: readonly number[]) {
    this.#peer = peer
    this.#ears = ears
    this.#waits = waits
  }

  tell(news: News): void {
    this.#news = news
    if (this.#pause === null) this.#begin(news)
  }

  close(): void {
    if (this.#pause !== null) clearTimeout(this.#pause)
    this.#pause = null
    this.#news = null
    this.#stop()
  }

  #begin(news: News): void {
    this.#stop()
    this.#news = null
    this.#pause = setTimeout(() => { this.#pause = null; if (this.#news !== null) this.#begin(this.#news) }, PAUSE)
    this.#pause.unref()
    this.#round = { socket: this.#open(news), timer: null }
  }

  /** A socket of its own for each notification, on a port that nobody can know. */
  #open(news: News): Socket {
    const { address, from } = this.#peer
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4').unref()
    // What can't be sent now (no route, a firewall) is sent again later, like what gets lost.
    socket.on('error', () => undefined)
    socket.bind({ port: 0, ...(from === null ? {} : { address: from }) }, () => { if (this.#round?.socket === socket) this.#ask(socket, news) })
    return socket
  }

  /** The same bytes each time: an answer may be to any of them. All are sent within the fudge of the signature. */
  #ask(socket: Socket, news: News): void {
    const { address, port, key } = this.#peer
    const asked = question(news.key, key)
    let said: number | null = null
    const send = (attempt: number): void => {
      const wait = this.#waits[attempt]
      if (this.#round?.socket !== socket) return
      if (wait === undefined) return this.#give(news, said)
      socket.send(asked.wire, port, address, () => undefined)
      this.#round.timer = setTimeout(() => send(attempt + 1), wait).unref()
    }
    socket.on('message', (wire: Buffer, { address: by, port: at }: RemoteInfo) => {
      const answer = by === address && at === port ? readAnswer(wire, asked, key) : null
      if (answer === 'heard') this.#heard(news)
      else if (answer !== null) said = answer
    })
    send(0)
  }

  #heard({ serial }: News): void {
    this.#stop()
    this.#ears.heard?.(this.#peer, serial)
  }

  #give({ serial }: News, said: number | null): void {
    this.#stop()
    this.#ears.failed?.({ address: this.#peer.address, port: this.#peer.port, serial, said })
  }

  #stop(): void {
    if (this.#round === null) return
    if (this.#round.timer !== null) clearTimeout(this.#round.timer)
    this.#round.socket.close()
    this.#round = null
  }
}

/** All secondaries. `tell` after each change; it costs next to nothing while one is under way. */
export class Notifier {
  readonly #lines: Line[]
  constructor(peers: readonly Peer[], ears: Ears = {}, waits: readonly number[] = WAITS) { this.#lines = peers.map(peer => new Line(peer, ears, waits)) }

  tell(news: News): void { for (const line of this.#lines) line.tell(news) }

  close(): void { for (const line of this.#lines) line.close() }
}

/** A NOTIFY as it is sent, and what its answer is signed for. */
type Question = { wire: Buffer; mac: Buffer | null }

/** RFC 1996 section 3.6 and 3.7: AA, the zone's SOA as question; signed where there is a key. */
function question(zone: string, key: Key | null): Question {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(randomInt(2 ** 16), 0)
  header.writeUInt16BE(OPCODE_NOTIFY << 11 | 0x0400, 2)
  header.writeUInt16BE(1, 4)
  const wire = Buffer.concat([header, Buffer.from(zone, 'latin1'), Buffer.from([0, TYPE.SOA, 0, CLASS_IN])])
  if (key === null) return { wire, mac: null }
  const signing = Signing.question(key)
  return { wire: signing.sign(wire), mac: signing.mac }
}

/** `heard`, or a code that isn't what is wanted, or null for what is no answer to this question. With a key, only a signed answer counts. */
function readAnswer(wire: Buffer, asked: Question, key: Key | null): 'heard' | number | null {
  if (wire.length < HEADER || wire.readUInt16BE(0) !== asked.wire.readUInt16BE(0)) return null
  if (((wire[2] ?? 0) & 0xf8) !== (0x80 | OPCODE_NOTIFY << 3)) return null
  const code = (wire[3] ?? 0) & 15
  if (code !== 0) return code
  if (key === null) return 'heard'
  const tsig = signatureOf(wire)
  return tsig !== null && tsig.name === key.name && isSignedBy(key, wire, tsig, asked.mac) ? 'heard' : null
}
