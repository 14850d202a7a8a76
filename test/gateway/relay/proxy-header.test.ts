import test from 'node:test'
import assert from 'node:assert/strict'
import { readHeader } from '../../../gateway/relay/proxy/header.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const bin = (hex: string): Buffer => Buffer.from(SIGNATURE + hex, 'hex')
const V4 = '2111000cc0000201c6336401303901bb'
const V6 = `21210024${'20010db8000000000000000000000001'.repeat(2)}303901bb`

test('a PROXY header says whose connection it is, and what follows it is left', () => {
  const cases: [string, Buffer, unknown][] = [
    ['version 1, IPv4', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\nGET'), { value: { address: '192.0.2.1', port: 443 }, used: 45 }],
    ['version 1, IPv6', Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n'), { value: { address: '2001:db8::1', port: 80 }, used: 45 }],
    ['version 1, unknown', Buffer.from('PROXY UNKNOWN whatever\r\n'), { value: null, used: 24 }],
    ['version 2, IPv4', bin(V4), { value: { address: '192.0.2.1', port: 443 }, used: 28 }],
    ['version 2, IPv6', bin(V6), { value: { address: '2001:db8::1', port: 443 }, used: 52 }],
    ['version 2 with a TLV', bin(`2111000f${V4.slice(8)}040000`), { value: { address: '192.0.2.1', port: 443 }, used: 31 }],
    ['version 1, IPv4 as a balancer for both families says it', Buffer.from('PROXY TCP6 ::ffff:c000:201 ::ffff:198.51.100.1 12345 80\r\n'), { value: { address: '192.0.2.1', port: 80 }, used: 57 }],
    ['version 2, the same', bin(`21210024${'00000000000000000000ffffc0000201'.repeat(2)}303901bb`), { value: { address: '192.0.2.1', port: 443 }, used: 52 }],
    ['version 2, local', bin('20000000'), { value: null, used: 16 }],
  ]
  for (const [name, bytes, reading] of cases) {
    assert.deepEqual(readHeader(bytes), reading, name)
    const { used } = reading as { used: number }
    for (let end = 0; end < used; end++) assert.equal(readHeader(bytes.subarray(0, end)), 'more', `${name}, ${end} bytes of it`)
  }
})

test('what is not exactly a PROXY header is refused', () => {
  const lines = ['GET / HTTP/1.1\r\n', 'PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\n', 'PROXY TCP4 192.0.2.1 198.51.100.1 12345 443 1\r\n', 'PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n', 'PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n', 'PROXY TCP4 192.0.2.1 198.51.100.1 012 443\r\n', 'PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n', `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`, 'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n']
  for (const text of lines) assert.equal(readHeader(Buffer.from(text)), 'wrong', text)
  for (const hex of [V4.replace(/^21/, '11'), V4.replace(/^21/, '22'), V4.replace('2111', '2112'), '2111000bc0000201c63364013039bb', '21110801']) assert.equal(readHeader(bin(hex)), 'wrong', hex)
})
