// Secondaries end to end: the name server as its supervisor starts it, dig with and without keys, and Debian's knot and nsd as copies.
import { after, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { until } from '../helpers/patience.ts'
import { COPY_KEY, freePort, recordsAt, serialAt, startCopy } from './copies.ts'
import { boundBoth, dataDirectory, dig, openDesk, sampleZone, startNameServer, type Desk } from './nameserver.ts'

const ends: (() => unknown)[] = []
after(async () => { for (const end of ends.reverse()) await end() })

type Primary = { port: number; desk: Desk; log: () => string }

/** A name server with `names` names besides the sample's, whose secondaries live at `ports`. */
async function primary(names: number, secondaries: { name?: string; address?: string; port: number; keyFile: string | null }[]): Promise<Primary> {
  const many = Object.fromEntries(Array.from({ length: names }, (_, n) => [`n${n}`, { a: [`10.0.${n >> 8 & 255}.${n & 255}`], aaaa: ['2001:db8::1'] }]))
  const { data, remove } = dataDirectory(sampleZone({ names: { ...sampleZone().names, ...many } }))
  const { udp, tcp } = await boundBoth()
  const copies = { secondaries: secondaries.map(each => ({ name: null, address: '127.0.0.1', ...each })), keys: { key: COPY_KEY } }
  const server = startNameServer(data, 'example', udp.fd, tcp.fd, '127.0.0.1', copies)
  tcp.close()
  ends.push(remove, udp.close, async () => { server.child.kill('SIGKILL'); await server.exit })
  await server.ready
  const desk = await openDesk(data)
  ends.push(desk.close)
  return { port: udp.port, desk, log: server.log }
}

async function axfr(port: number, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), '+nocookie', ...args]).catch((error: { stdout: string }) => error)
  return stdout
}
const sign = (secret = COPY_KEY.secret, name = COPY_KEY.name): string[] => ['-y', `hmac-sha256:${name}:${secret}`]

for (const kind of ['knot', 'nsd'] as const) {
  test(`${kind} as a secondary follows a zone of 2,000 names through 100 changes and ends identical`, async () => {
    const port = await freePort()
    const { port: own, desk } = await primary(2_000, [{ port, keyFile: 'key' }])
    const copy = startCopy(kind, port, own)
    ends.push(copy.close)
    await until(`${kind} has the zone`, async () => await serialAt(port) !== null)
    for (let serial = 8; serial < 108; serial += 1) {
      const name = serial % 3 === 0 ? `new${serial}` : `n${serial * 17 % 2_000}`
      await desk.send({ type: 'names', serial, names: { [name]: serial % 3 === 1 ? null : { a: [`192.0.2.${serial}`], aaaa: [] } } })
    }
    await until(`${kind} has the last change`, async () => await serialAt(port) === 107, 60_000)
    const [ours, theirs] = [await recordsAt(own, 'signed'), await recordsAt(port, 'unsigned')]
    assert.ok(ours.length > 3_900)
    assert.deepEqual(theirs, ours)
  })
}

describe('who gets the zone', () => {
  test('the address of a secondary with its key; nobody without, with another key, or with the key from elsewhere', async () => {
    const { port } = await primary(0, [{ port: 9, keyFile: 'key' }])
    assert.match(await axfr(port, ...sign(), 'example', 'AXFR'), /XFR size: \d+ records/)
    assert.match(await axfr(port, 'example', 'AXFR'), /Transfer failed/)
    assert.match(await axfr(port, ...sign('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='), 'example', 'AXFR'), /BADSIG|Transfer failed/)
    assert.match(await axfr(port, ...sign(undefined, 'ns3.example'), 'example', 'AXFR'), /BADKEY|Transfer failed/)
    const elsewhere = await primary(0, [{ address: '192.0.2.9', port: 53, keyFile: 'key' }])
    assert.match(await axfr(elsewhere.port, ...sign(), 'example', 'AXFR'), /Transfer failed/)
  })
  test('a secondary without a key needs its address alone', async () => {
    const { port } = await primary(0, [{ port: 9, keyFile: null }])
    assert.match(await axfr(port, 'example', 'AXFR'), /XFR size: \d+ records/)
    assert.match(await axfr(port, 'alice.example', 'AXFR'), /Transfer failed/)
  })
  test('without secondaries it is nobody', async () => {
    const { port } = await primary(0, [])
    for (const type of ['AXFR', 'IXFR=1']) assert.match(await axfr(port, 'example', type), /Transfer failed/)
  })
})

test('a secondary with a name is among the NS records; in the zone it answers with its addresses, which control can\'t change', async () => {
  const named = [{ name: 'ns2.example', address: '192.0.2.7' }, { name: 'ns2.example', address: '2001:db8::7' }, { name: 'ns.example.net', address: '192.0.2.8' }]
  const { port, desk } = await primary(0, named.map(each => ({ ...each, port: 53, keyFile: null })))
  const { answer, additional } = await dig(port, 'example', 'NS')
  assert.deepEqual(answer.map(line => line.split(' ').at(-1)), ['ns.example.', 'ns2.example.', 'ns.example.net.'])
  assert.deepEqual(additional, ['ns.example. 60 IN A 192.0.2.1', 'ns.example. 60 IN AAAA 2001:db8::1', 'ns2.example. 60 IN A 192.0.2.7', 'ns2.example. 60 IN AAAA 2001:db8::7'])
  await desk.send({ type: 'names', serial: 8, names: { ns2: { a: ['192.0.2.66'], aaaa: [] } } })
  assert.deepEqual((await dig(port, 'ns2.example', 'A')).answer, ['ns2.example. 60 IN A 192.0.2.7'])
  await desk.send({ type: 'names', serial: 9, names: { ns2: null, '': { ...sampleZone().apex, sets: [{ type: 'NS', ttl: 60, data: ['a.example.net.'] }] } } })
  assert.deepEqual((await dig(port, 'example', 'NS')).answer, ['example. 60 IN NS a.example.net.'])
})

test('no key is in the log or the process list', async () => {
  const { port, log } = await primary(0, [{ port: 9, keyFile: 'key' }])
  await axfr(port, ...sign(), 'example', 'AXFR')
  const { stdout } = await promisify(execFile)('ps', ['axeww', '-o', 'args'])
  const rest = stdout.split('\n').filter(line => !/\bdig\b/.test(line)).join('\n')
  assert.ok(!log().includes(COPY_KEY.secret) && !rest.includes(COPY_KEY.secret))
})
