import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { parse } from '../../dns/parse.ts'
import { ALICE, ALICE_EDNS, opt, query, queryWith, wireName } from './packets.ts'

const label = (bytes: number): string => bytes.toString(16).padStart(2, '0') + '61'.repeat(bytes)
const outcome = (wire: Buffer): string | number => {
  const parsed = parse(wire)
  return parsed.kind === 'error' ? parsed.rcode : parsed.kind
}

describe('a query that dig sent', () => {
  test('is read with EDNS and without', () => {
    const plain = parse(ALICE)
    assert.deepEqual([plain.kind, plain.kind === 'query' && [plain.name, plain.type, plain.edns]], ['query', ['\x05alice\x07example\0', 1, null]])
    const edns = parse(ALICE_EDNS)
    assert.deepEqual(edns.kind === 'query' && edns.edns, { version: 0, size: 1232, dnssec: false, cookie: null })
  })

  test('has its name in lower case, of ASCII only (RFC 4343)', () => {
    const parsed = parse(query({ name: '04' + '41c0c15a' + '00' }))
    assert.equal(parsed.kind === 'query' && parsed.name, '\x04a\xc0\xc1z\0')
  })

  test('may ask for the longest name and label there are, and no longer (RFC 1035 section 2.3.4)', () => {
    assert.equal(outcome(query({ name: label(63) + label(63) + label(63) + label(61) + '00' })), 'query')
    assert.equal(outcome(query({ name: label(63) + label(63) + label(63) + label(62) + '00' })), 1)
    assert.equal(outcome(query({ name: label(63).replace('3f', '40') + '6100' })), 1)
    assert.equal(outcome(query({ name: '0161'.repeat(127) + '00' })), 'query')
    assert.equal(outcome(query({ name: '0161'.repeat(128) + '00' })), 1)
  })

  test('may carry unknown options and flags, and records nobody asked for', () => {
    assert.equal(outcome(queryWith(opt(512, 0x7fff, 'ffff0003aabbcc' + '00030000'))), 'query')
    assert.equal(outcome(queryWith('00' + '0001' + '0001' + '00000000' + '0004c0000201')), 'query')
    assert.equal(outcome(query({ counts: '0001000000010000', type: 251, rest: 'c00c' + '0006' + '0001' + '00000000' + '0000' })), 'query')
  })
})

describe('what is not answered', () => {
  for (const [what, wire] of [
    ['nothing', Buffer.alloc(0)], ['less than a header', ALICE.subarray(0, 11)], ['a response', query({ flags: '8000' })], ['a response that is an error', query({ flags: 'f801' })],
  ] as const) test(what, () => assert.equal(outcome(wire), 'ignore'))
})

describe('FORMERR is the answer to', () => {
  const cases: [string, Buffer][] = [
    ['a header alone that promises a question', ALICE.subarray(0, 12)],
    ['a question cut short in its name', ALICE.subarray(0, 20)],
    ['a question cut short in its class', ALICE.subarray(0, ALICE.length - 1)],
    ['no question', query({ counts: '0000000000000000', name: '', rest: '' }).subarray(0, 12)],
    ['two questions (RFC 9619)', query({ counts: '0002000000000000', rest: wireName('alice.example') + '00010001' })],
    ['65,535 questions', query({ counts: 'ffff000000000000' })],
    ['a name that is a pointer to itself', query({ name: 'c00c' })],
    ['a name that ends in a pointer to itself', query({ name: '0161c00c' })],
    ['a name that points into the header', query({ name: '0161c000' })],
    ['a name that points past the end', query({ name: 'ffff' })],
    ['label types 01 and 10', query({ name: '4161' + '00' })],
    ['a label of type 10', query({ name: '8161' + '00' })],
    ['trailing bytes', Buffer.concat([ALICE, Buffer.from([0])])],
    ['trailing bytes after OPT', Buffer.concat([ALICE_EDNS, Buffer.from('dead', 'hex')])],
    ['an additional record that is not there', query({ counts: '0001000000000001' })],
    ['65,535 additional records that are not there', query({ counts: '000100000000ffff' })],
    ['an answer in the query', query({ counts: '0001000100000000', rest: 'c00c' + '0001' + '0001' + '00000000' + '0004c0000201' })],
    ['two OPT records', query({ counts: '0001000000000002', rest: opt() + opt() })],
    ['an OPT record with a name', queryWith('0161' + opt())],
    ['an OPT record as long as it says but no longer than the packet', queryWith(opt().replace(/0000$/, '0004'))],
    ['an option longer than its record', queryWith(opt(1232, 0, '00030005aabb'))],
    ['half an option', queryWith(opt(1232, 0, '0003'))],
    ['a cookie of 7 bytes', queryWith(opt(1232, 0, '000a0007' + '11'.repeat(7)))],
    ['a cookie of 9 bytes', queryWith(opt(1232, 0, '000a0009' + '11'.repeat(9)))],
    ['a cookie of 41 bytes', queryWith(opt(1232, 0, '000a0029' + '11'.repeat(41)))],
    ['a record whose name points to itself', queryWith('c01f' + '0001' + '0001' + '00000000' + '0000')],
    ['the type OPT', query({ type: 41 })],
    ['the type NXNAME (RFC 9824)', query({ type: 128 })],
    ['a signature that is not the last record', query({ counts: '0001000000000002', rest: '00' + '00fa' + '00ff' + '00000000' + '0000' + opt() })],
  ]
  for (const [what, wire] of cases) test(what, () => assert.equal(outcome(wire), 1))
})

describe('other codes', () => {
  test('NOTIMP for each opcode but QUERY, whatever follows', () => {
    for (let opcode = 1; opcode < 16; opcode += 1) {
      assert.equal(outcome(query({ flags: (opcode << 11).toString(16).padStart(4, '0') })), 4)
      assert.equal(outcome(query({ flags: (opcode << 11).toString(16).padStart(4, '0'), counts: 'ffffffffffffffff' })), 4)
    }
  })
  test('NOTIMP for types that are requests we do not know', () => {
    for (const type of [129, 200, 249, 253, 254]) assert.equal(outcome(query({ type })), 4, String(type))
  })
  test('REFUSED for other classes', () => {
    for (const cls of [0, 2, 3, 4, 254, 255, 4096]) assert.equal(outcome(query({ cls })), 5, String(cls))
  })
  test('BADVERS for later versions of EDNS, without reading their options', () => {
    assert.equal(outcome(queryWith(opt(1232, 0x10000))), 16)
    assert.equal(outcome(queryWith(opt(1232, 0xff0000, 'ff'))), 16)
  })
  test('NOERROR for a cookie without a question (RFC 7873 section 5.4)', () => {
    const wire = Buffer.from('1234' + '0000' + '0000000000000001' + opt(1232, 0, '000a0008' + '11'.repeat(8)), 'hex')
    assert.equal(outcome(wire), 0)
  })
})
