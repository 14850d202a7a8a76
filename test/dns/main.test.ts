import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { places } from '../../wire/house.ts'
import { dice, packet } from './fuzz.ts'
import { boundBoth, boundUdp, dataDirectory, dig, openDesk, sampleZone, startNameServer, type Desk, type NameServer } from './nameserver.ts'

const SOA = 'ns.example. hostmaster.example. 7 3600 600 1209600 10'

describe('a name server with its snapshot and no control', () => {
  let port: number
  let server: NameServer
  const ends: (() => void)[] = []

  before(async () => {
    const { data, remove } = dataDirectory(sampleZone())
    ends.push(remove)
    const { udp, tcp } = await boundBoth()
    server = startNameServer(data, 'example', udp.fd, tcp.fd)
    tcp.close()
    ends.push(() => server.child.kill('SIGKILL'), udp.close)
    port = udp.port
    await server.ready
  })
  after(() => { for (const end of ends) end() })

  test('answers A and AAAA of a reserved name with authority and no recursion', async () => {
    const a = await dig(port, 'alice.example', 'A')
    assert.equal(a.status, 'NOERROR')
    assert.deepEqual(a.flags, ['qr', 'aa'])
    assert.deepEqual(a.answer, ['alice.example. 60 IN A 192.0.2.1'])
    assert.deepEqual((await dig(port, 'alice.example', 'AAAA')).answer, ['alice.example. 60 IN AAAA 2001:db8::1'])
  })

  test('copies RD and never offers recursion', async () => {
    const { flags, text } = await dig(port, '+recurse', 'alice.example', 'A')
    assert.deepEqual(flags, ['qr', 'aa', 'rd'])
    assert.match(text, /recursion requested but not available/)
  })

  test('answers the apex: SOA, NS with glue, A, AAAA', async () => {
    assert.deepEqual((await dig(port, 'example', 'SOA')).answer, [`example. 60 IN SOA ${SOA}`])
    const ns = await dig(port, 'example', 'NS')
    assert.deepEqual(ns.answer, ['example. 60 IN NS ns.example.'])
    assert.deepEqual(ns.additional, ['ns.example. 60 IN A 192.0.2.1', 'ns.example. 60 IN AAAA 2001:db8::1'])
    assert.deepEqual((await dig(port, 'ns.example', 'A')).answer, ['ns.example. 60 IN A 192.0.2.1'])
    assert.deepEqual((await dig(port, 'example', 'AAAA')).answer, ['example. 60 IN AAAA 2001:db8::1'])
  })

  test('tells NXDOMAIN from NODATA, both with the SOA for as long as its minimum', async () => {
    const gone = await dig(port, 'bob.example', 'A')
    assert.equal(gone.status, 'NXDOMAIN')
    assert.deepEqual(gone.authority, [`example. 10 IN SOA ${SOA}`])
    const nodata = await dig(port, 'four.example', 'AAAA')
    assert.equal(nodata.status, 'NOERROR')
    assert.deepEqual([nodata.answer, nodata.authority], [[], [`example. 10 IN SOA ${SOA}`]])
    assert.deepEqual(nodata.flags, ['qr', 'aa'])
  })

  test('has nothing below a reserved name, and an empty name above a deeper one', async () => {
    assert.equal((await dig(port, 'www.alice.example', 'A')).status, 'NXDOMAIN')
    const empty = await dig(port, 'empty.example', 'A')
    assert.deepEqual([empty.status, empty.answer], ['NOERROR', []])
  })

  test('treats DS at the apex and unknown types as types that are not there', async () => {
    for (const type of ['DS', 'TYPE65280', 'DNSKEY', 'MX']) assert.equal((await dig(port, 'example', type)).status, 'NOERROR', type)
  })

  test('answers in the case of the question, whatever it is', async () => {
    assert.deepEqual((await dig(port, 'aLiCe.EXample', 'A')).answer, ['aLiCe.EXample. 60 IN A 192.0.2.1'])
    assert.deepEqual((await dig(port, 'BOB.EXAMPLE', 'A')).status, 'NXDOMAIN')
  })

  test('refuses what is not in its zone, other classes and transfers', async () => {
    for (const args of [['example.org', 'A'], ['.', 'NS'], ['notexample', 'A'], ['version.bind', 'CH', 'TXT'], ['example', 'AXFR', '+tcp', '+nocomments']]) {
      const { status, flags, text } = await dig(port, ...args)
      if (args[1] === 'AXFR') assert.match(text, /Transfer failed/)
      else assert.deepEqual([status, flags], ['REFUSED', ['qr']], args.join(' '))
    }
  })

  test('answers ANY with one RRset', async () => {
    const { status, answer } = await dig(port, 'alice.example', 'ANY', '+notcp')
    assert.deepEqual([status, answer], ['NOERROR', ['alice.example. 60 IN A 192.0.2.1']])
  })

  test('answers over TCP, several questions on one connection', async () => {
    const { text } = await dig(port, '+tcp', '+keepopen', 'alice.example', 'A', 'four.example', 'A')
    assert.match(text, /192\.0\.2\.1[^]*192\.0\.2\.4/)
  })

  test('speaks EDNS 0 with 1232 bytes, says BADVERS to later versions, and knows DO', async () => {
    const { text } = await dig(port, '+edns=0', '+dnssec', '+nocookie', 'alice.example')
    assert.match(text, /EDNS: version: 0, flags: do; udp: 1232/)
    assert.equal((await dig(port, '+edns=1', '+noednsnegotiation', 'alice.example')).status, 'BADVERS')
    assert.equal((await dig(port, '+ednsopt=100:beef', 'alice.example')).status, 'NOERROR')
    assert.doesNotMatch((await dig(port, '+noedns', 'alice.example')).text, /EDNS/)
  })

  test('gives a cookie that it knows again', async () => {
    const first = await dig(port, '+cookie=0123456789abcdef', 'alice.example')
    const cookie = /COOKIE: (\w{48}) \(good\)/.exec(first.text)?.[1] ?? ''
    assert.match(cookie, /^0123456789abcdef01000000/)
    assert.match((await dig(port, `+cookie=${cookie}`, 'alice.example')).text, new RegExp(`COOKIE: ${cookie} \\(good\\)`))
  })

  test('leaves with 0 when it is told to', async () => {
    server.child.kill('SIGTERM')
    assert.equal(await server.exit, 0)
  })
})

describe('a name server and control', () => {
  const ends: (() => void)[] = []
  after(() => { for (const end of ends.reverse()) end() })

  async function house(snapshot = true, zone = 'example'): Promise<{ data: string; udp: { fd: number; port: number }; start: () => NameServer; desk: () => Promise<Desk> }> {
    const { data, remove } = dataDirectory(snapshot ? sampleZone({ zone }) : null)
    ends.push(remove)
    const udp = await boundUdp()
    ends.push(udp.close)
    const start = (): NameServer => {
      const server = startNameServer(data, zone, udp.fd, null)
      ends.push(() => server.child.kill('SIGKILL'))
      return server
    }
    const desk = async (): Promise<Desk> => {
      const opened = await openDesk(data)
      ends.push(opened.close)
      return opened
    }
    return { data, udp, start, desk }
  }

  test('sees a change as soon as it said applied, and its removal', async () => {
    const { udp, start, desk } = await house()
    const control = await desk()
    await start().ready
    assert.equal((await dig(udp.port, 'new.example', 'A')).status, 'NXDOMAIN')
    await control.send({ type: 'names', serial: 8, names: { new: { a: ['192.0.2.9'], aaaa: [] } } })
    assert.deepEqual((await dig(udp.port, 'new.example', 'A')).answer, ['new.example. 60 IN A 192.0.2.9'])
    await control.send({ type: 'names', serial: 9, names: { new: { a: ['192.0.2.10'], aaaa: [] } } })
    assert.deepEqual((await dig(udp.port, 'new.example', 'A')).answer, ['new.example. 60 IN A 192.0.2.10'])
    await control.send({ type: 'names', serial: 10, names: { new: null } })
    const gone = await dig(udp.port, 'new.example', 'A')
    assert.equal(gone.status, 'NXDOMAIN')
    assert.match(gone.authority[0] ?? '', / 10 3600 /)
    assert.match((await dig(udp.port, 'example', 'SOA')).answer[0] ?? '', / 10 3600 /)
  })

  test('takes a whole new zone', async () => {
    const { udp, start, desk } = await house()
    const control = await desk()
    await start().ready
    await control.send({ type: 'zone', ...sampleZone({ serial: 20, names: { carol: { a: ['192.0.2.3'], aaaa: [] } } }) })
    assert.equal((await dig(udp.port, 'alice.example', 'A')).status, 'NXDOMAIN')
    assert.deepEqual((await dig(udp.port, 'carol.example', 'A')).answer, ['carol.example. 60 IN A 192.0.2.3'])
  })

  test('waits for control where there is no snapshot, or one of another zone or half written', async () => {
    for (const content of [null, JSON.stringify(sampleZone({ zone: 'other' })), '{"zone":"exam', '[]']) {
      const { data, udp, start, desk } = await house(false)
      if (content !== null) writeFileSync(places(data).zoneSnapshot, content)
      const server = start()
      const control = await desk()
      await control.send({ type: 'zone', ...sampleZone() })
      await server.ready
      assert.equal((await dig(udp.port, 'alice.example', 'A')).status, 'NOERROR')
      server.child.kill('SIGKILL')
    }
  })

  test('asks again for the zone when a change comes before it', async () => {
    const { start, desk } = await house(false)
    const control = await desk()
    const server = start()
    const first = await control.connected()
    first.write('{"type":"names","serial":8,"names":{"new":null}}\n')
    await once(first, 'close')
    await control.send({ type: 'zone', ...sampleZone() })
    await server.ready
  })

  test('applies changes in the order they come, those behind a large zone after it', async () => {
    const { udp, start, desk } = await house()
    const control = await desk()
    await start().ready
    const names = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`n${n}`, { a: ['192.0.2.1'], aaaa: [] }]))
    const zone = control.send({ type: 'zone', ...sampleZone({ serial: 20, names }) })
    await control.send({ type: 'names', serial: 21, names: { n7: { a: ['192.0.2.7'], aaaa: [] } } })
    await zone
    assert.deepEqual((await dig(udp.port, 'n7.example', 'A')).answer, ['n7.example. 60 IN A 192.0.2.7'])
    assert.deepEqual((await dig(udp.port, 'n19999.example', 'A')).answer, ['n19999.example. 60 IN A 192.0.2.1'])
    assert.match((await dig(udp.port, 'example', 'SOA')).answer[0] ?? '', / 21 3600 /)
  })

  test('keeps its zone when control sends what is none', async () => {
    const { udp, start, desk } = await house()
    const control = await desk()
    const server = start()
    await server.ready
    for (const line of ['{"type":"zone","serial":99}', 'no json', '{"type":"names","serial":99}']) {
      const socket = await control.connected()
      socket.write(`${line}\n`)
      await once(socket, 'close')
      assert.equal((await dig(udp.port, 'alice.example', 'A')).status, 'NOERROR', line)
    }
    await control.send({ type: 'names', serial: 8, names: { alice: null } })
    assert.equal((await dig(udp.port, 'alice.example', 'A')).status, 'NXDOMAIN')
  })

  test('lives through garbage on its sockets', async () => {
    const { udp, start } = await house()
    await start().ready
    const roll = dice(3)
    const sender = createSocket('udp4')
    for (let n = 0; n < 2000; n += 1) await new Promise(resolve => sender.send(packet(roll), udp.port, '127.0.0.1', resolve))
    sender.close()
    assert.equal((await dig(udp.port, 'alice.example', 'A')).status, 'NOERROR')
  })

  test('comes back to control when control does, and answers meanwhile', async () => {
    const { data, udp, start, desk } = await house()
    const control = await desk()
    await start().ready
    await control.send({ type: 'names', serial: 8, names: { new: { a: ['192.0.2.9'], aaaa: [] } } })
    control.close()
    await once(control.server, 'close')
    assert.equal((await dig(udp.port, 'new.example', 'A')).status, 'NOERROR')
    const again = await openDesk(data)
    ends.push(again.close)
    await again.send({ type: 'names', serial: 9, names: { new: null } })
    assert.equal((await dig(udp.port, 'new.example', 'A')).status, 'NXDOMAIN')
  })

  test('is itself again after kill -9, and answers what was asked meanwhile', async () => {
    const { udp, start } = await house()
    const server = start()
    await server.ready
    server.child.kill('SIGKILL')
    await server.exit
    const asked = dig(udp.port, '+tries=1', '+time=20', 'alice.example', 'A')
    await start().ready
    assert.deepEqual((await asked).answer, ['alice.example. 60 IN A 192.0.2.1'])
  })

  test('serves a zone of one label such as localhost', async () => {
    const { udp, start } = await house(true, 'localhost')
    await start().ready
    assert.deepEqual((await dig(udp.port, 'alice.localhost', 'A')).answer, ['alice.localhost. 60 IN A 192.0.2.1'])
    assert.deepEqual((await dig(udp.port, 'localhost', 'NS')).answer, ['localhost. 60 IN NS ns.localhost.'])
    assert.equal((await dig(udp.port, 'nobody.localhost', 'A')).status, 'NXDOMAIN')
  })

  test('serves over IPv6', async () => {
    const { data, remove } = dataDirectory(sampleZone())
    ends.push(remove)
    const udp = await boundUdp('::1')
    const server = startNameServer(data, 'example', udp.fd, null, '::1')
    ends.push(udp.close, () => server.child.kill('SIGKILL'))
    await server.ready
    assert.deepEqual((await dig(udp.port, '@::1', 'alice.example', 'AAAA')).answer, ['alice.example. 60 IN AAAA 2001:db8::1'])
  })

  test('leaves with 0 when its supervisor is gone', async () => {
    const { start } = await house()
    const server = start()
    await server.ready
    server.child.stdin?.end()
    assert.equal(await server.exit, 0)
  })
})
