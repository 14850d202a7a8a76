import test from 'node:test'
import assert from 'node:assert/strict'
import { connect, type ConnectionOptions } from 'node:tls'
import { Duplex } from 'node:stream'
import { readGreeting, type Greeting } from '../../../gateway/relay/tls/hello.ts'
import { mutate, random, shrink } from './oracle/chance.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const ROUNDS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 3_000)

/** What OpenSSL opens with, as latin1. */
function opening(options: ConnectionOptions): Promise<string> {
  return new Promise(resolve => {
    const wire = new Duplex({ read() {}, write(chunk: Buffer, _encoding, done) { resolve(chunk.toString('latin1')); done() } })
    connect({ socket: wire, ...options }).on('error', () => {})
  })
}

function told(greeting: Greeting | null): string { return greeting === null ? 'more' : greeting.kind === 'refused' ? 'refused' : JSON.stringify(greeting) }

/** What is wrong with how a greeting is read: it throws, it depends on the pieces it comes in, or what it finds can't be a name. */
function fault(text: string): string | null {
  const bytes = Buffer.from(text, 'latin1')
  try {
    const whole = told(readGreeting(bytes))
    for (let end = 0; end < bytes.length; end++) {
      const part = told(readGreeting(bytes.subarray(0, end)))
      if (part !== 'more') return part === whole ? sound(bytes) : `after ${end} octets ${part}, whole ${whole}`
    }
    return sound(bytes)
  } catch (error) {
    return String(error)
  }
}

function sound(bytes: Buffer): string | null {
  const greeting = readGreeting(bytes)
  if (greeting?.kind !== 'hello' || greeting.hello.name === null) return null
  return /^[a-z0-9_.-]{1,255}$/.test(greeting.hello.name) ? null : `the name ${JSON.stringify(greeting.hello.name)}`
}

test(`a ClientHello, however damaged, is read alike in whatever pieces it comes (seed ${SEED})`, async () => {
  const pick = random(SEED)
  const hellos = await Promise.all([opening({ servername: 'alice.example.test', ALPNProtocols: ['h2', 'http/1.1'] }), opening({ servername: 'a.test', maxVersion: 'TLSv1.2' }), opening({ ALPNProtocols: ['acme-tls/1'], servername: 'x.test', ecdhCurve: 'X25519' })])
  let read = 0
  for (let round = 0; round < ROUNDS; round++) {
    let text = hellos[pick(hellos.length)] ?? ''
    for (let i = pick(4); i > 0; i--) text = pick(3) === 0 ? mutate(text, pick) : changed(text, pick(text.length), pick(256))
    if (readGreeting(Buffer.from(text, 'latin1'))?.kind === 'hello') read++
    const wrong = fault(text)
    if (wrong === null) continue
    const shortest = await shrink(text, async shorter => fault(shorter) !== null)
    assert.fail(`seed ${SEED}, round ${round}: ${wrong}\nshortest ${JSON.stringify(shortest)}`)
  }
  assert.ok(read > ROUNDS / 10, `only ${read} were read`)
})

function changed(text: string, at: number, octet: number): string { return text.slice(0, at) + String.fromCharCode(octet) + text.slice(at + 1) }
