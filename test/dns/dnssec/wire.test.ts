import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { dnskeyData, dnskeyText, dsData, dsText, keyTag } from '../../../wire/dnskey.ts'
import { keyOf } from '../../../dns/name.ts'
import { after, before } from '../../../dns/dnssec/neighbours.ts'
import { nsecData, typeBitmaps } from '../../../dns/dnssec/nsec.ts'
import { compareNames, joinLabels, labelsOf, sortData } from '../../../dns/dnssec/order.ts'
import { headOf, rrsigData, toSign, type Signable } from '../../../dns/dnssec/rrsig.ts'
import { dice } from '../fuzz.ts'

describe('the key of RFC 6605 section 6.1', () => {
  const point = Buffer.from('GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==', 'base64')
  const jwk = { kty: 'EC', crv: 'P-256', x: point.toString('base64url', 0, 32), y: point.toString('base64url', 32) }
  const secret = Buffer.from('GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=', 'base64').toString('base64url')
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const dnskey = dnskeyData(point)
  const set: Signable = { owner: keyOf('www.example.net'), type: 1, ttl: 3600, data: [Buffer.from([192, 0, 2, 1])] }
  const by = { tag: 55648, signer: keyOf('example.net'), inception: Date.UTC(2010, 7, 12, 10, 4, 39) / 1000, expiration: Date.UTC(2010, 8, 9, 10, 4, 39) / 1000 }
  const valid = (signed: Buffer, signature: Buffer) => verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)

  test('has its tag, its DS and its text', () => {
    assert.equal(keyTag(dnskey), 55648)
    assert.equal(dsText('Example.NET.', dnskey), '55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17')
    assert.equal(dnskeyText(dnskey), '257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==')
  })

  test('made the signature of the RFC over what we say is signed', () => {
    const signature = Buffer.from('qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==', 'base64')
    assert.equal(valid(toSign(headOf(set, by), set), signature), true)
    assert.equal(valid(toSign(headOf({ ...set, ttl: 3601 }, by), set), signature), false)
  })

  test('signs so that its public half agrees, whatever the length of the two numbers', () => {
    const key = createPrivateKey({ key: { ...jwk, d: secret }, format: 'jwk' })
    for (let n = 0; n < 300; n += 1) {
      const data = rrsigData({ ...set, data: [Buffer.from([192, 0, n >> 8, n & 0xff])] }, by, key)
      const head = data.subarray(0, -64)
      assert.equal(valid(toSign(head, { ...set, data: [Buffer.from([192, 0, n >> 8, n & 0xff])] }), data.subarray(-64)), true, String(n))
    }
  })
})

test('a tag and a DS of another algorithm are those of RFC 4034 section 5.4 and RFC 4509 section 2.3', () => {
  const key = 'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=='
  const dnskey = Buffer.concat([Buffer.from([1, 0, 3, 5]), Buffer.from(key, 'base64')])
  assert.equal(keyTag(dnskey), 60485)
  assert.equal(dsData('dskey.example.com', dnskey).toString('hex'), 'ec450502d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a')
})

test('the tag of a key whose sum overflows twice is 16 bits', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const tag = keyTag(dnskeyData(Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])))
  assert.ok(tag >= 0 && tag < 65536)
  assert.equal(keyTag(Buffer.alloc(68, 0xff)), (34 * 0xffff + (34 * 0xffff >>> 16)) & 0xffff)
})

test('the labels of a signature leave out a wildcard and the root', () => {
  const by = { tag: 1, signer: keyOf('example'), inception: 0, expiration: 1 }
  const labels = (owner: string) => headOf({ owner: keyOf(owner), type: 1, ttl: 1, data: [] }, by)[3]
  assert.deepEqual([labels('*.a.example'), labels('a.example'), labels('example'), labels('*x.example')], [2, 2, 1, 2])
})

test('type bitmaps are those of RFC 4034 section 4.3', () => {
  const wire = nsecData(keyOf('host.example.com'), [1, 15, 46, 47, 1234]).toString('hex')
  assert.equal(wire, '04686f7374076578616d706c6503636f6d00' + '0006400100000003' + `041b${'00'.repeat(26)}20`)
  assert.equal(typeBitmaps([47, 46]).toString('hex'), '0006000000000003')
  assert.equal(typeBitmaps([65535]).toString('hex'), `ff20${'00'.repeat(31)}01`)
})

test('names are in the order of RFC 4034 section 6.1', () => {
  const names = ['example', 'a.example', 'yljkjljk.a.example', 'z.a.example', 'zabc.a.example', 'z.example', '\x01.z.example', '*.z.example', '\x80.z.example'].map(keyOf)
  const shuffled = [3, 8, 1, 0, 5, 7, 2, 6, 4].map(n => names[n] ?? '')
  assert.deepEqual(shuffled.sort(compareNames), names)
  assert.deepEqual(names.map(name => joinLabels(labelsOf(name))), names)
})

test('records are in the order of their bytes, each once', () => {
  const data = ['02', '0100', '01', 'ff', '01'].map(hex => Buffer.from(hex, 'hex'))
  assert.deepEqual(sortData(data).map(one => one.toString('hex')), ['01', '0100', '02', 'ff'])
})

describe('the names beside one that does not exist', () => {
  const zone = keyOf('example')

  test('are as near as a name of ordinary letters allows', () => {
    assert.equal(before('bob', zone), joinLabels(['boa\xff', 'example']))
    assert.equal(after('bob', zone, zone), joinLabels(['bob\0', 'example']))
    assert.equal(before('*', zone), joinLabels([')\xff', 'example']))
    assert.equal(before('\0', zone), zone)
    assert.equal(before('a\0', zone), joinLabels(['\xff', 'a', 'example']))
    assert.equal(before('[', zone), joinLabels(['@\xff', 'example']))
  })

  test('enclose it and all below it, fit in a name, and leave out every ordinary name, at any length', () => {
    const roll = dice(5)
    const letters = 'abz09-_*'
    const labels = (count: number, byte: () => string, longest: number) => Array.from({ length: count }, () => Array.from({ length: 1 + roll(longest) }, byte).join(''))
    for (let n = 0; n < 20_000; n += 1) {
      const plain = () => letters[roll(letters.length)] ?? 'a'
      const odd = () => String.fromCharCode([0, 255, 0x40, 0x5b, 0x60, 0x7b, 97, 98][roll(8)] ?? 0)
      const parent = joinLabels([...labels(roll(4), plain, n % 3 === 0 ? 63 : 3), 'example'])
      const [label = ''] = labels(1, odd, n % 2 === 0 ? 63 : 3)
      const name = joinLabels([label, ...labelsOf(parent)])
      if (name.length > 255) continue
      const low = before(label, parent)
      const high = after(label, parent, zone)
      assert.ok(compareNames(low, name) < 0, JSON.stringify([low, name]))
      assert.ok(high === zone || compareNames(name, high) < 0)
      for (const edge of [low, high]) assert.ok(edge.length <= 255 && labelsOf(edge).every(one => one.length <= 63 && one.length > 0))
      const neighbours = [label.slice(0, -1), label.slice(0, -1) + plain(), label + plain(), plain(), label]
      for (const near of neighbours.filter(one => /^[a-z0-9_*-]{1,63}$/.test(one) && one !== label)) {
        for (const below of [[], ['a'], ['zz', '0']]) {
          const real = joinLabels([...below, near, ...labelsOf(parent)])
          if (real.length > 255) continue
          const inside = compareNames(low, real) < 0 && (high === zone || compareNames(real, high) < 0)
          assert.equal(inside, false, JSON.stringify({ low, real, high }))
        }
      }
      const below = joinLabels(['zz', label, ...labelsOf(parent)])
      if (below.length <= 255) assert.ok(high === zone || compareNames(below, high) < 0)
    }
  })
})
