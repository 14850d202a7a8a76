import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Cookies } from '../../dns/cookie.ts'
import { siphash } from '../../dns/siphash.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test('SipHash-2-4 gives the vectors of its authors', () => {
  const key = hex('000102030405060708090a0b0c0d0e0f')
  const data = Buffer.from(Array.from({ length: 64 }, (_, n) => n))
  const out = Buffer.alloc(8)
  for (const [length, expected] of [[0, '310e0edd47db6f72'], [1, 'fd67dc93c539f874'], [7, '37d1018bf50002ab'], [8, '6224939a79f5f593'], [15, 'e545be4961ca29a1']] as const) {
    siphash(key, data, length, out, 0)
    assert.equal(out.toString('hex'), expected, `${length} bytes`)
  }
})

test('a new cookie is that of RFC 9018 appendix A.1', () => {
  const cookies = new Cookies(hex('e5e973e5a6b2a43f48e7dc849e37bfcf'), () => 0x5cf79f11 * 1000)
  const { known, cookie } = cookies.answer(hex('2464c4abcf10c957'), '198.51.100.100')
  assert.deepEqual([known, cookie.toString('hex')], [false, '2464c4abcf10c957010000005cf79f111f8130c3eee29480'])
})

test('a cookie is known at its address for an hour, and renewed after half of it', () => {
  let now = 1_000_000
  const cookies = new Cookies(undefined, () => now * 1000)
  const { cookie } = cookies.answer(hex('2464c4abcf10c957'), '2001:db8::1')
  assert.deepEqual(cookies.answer(cookie, '2001:db8::1'), { known: true, cookie })
  assert.equal(cookies.answer(cookie, '2001:db8::2').known, false)
  assert.equal(new Cookies().answer(cookie, '2001:db8::1').known, false)
  now += 1801
  const renewed = cookies.answer(cookie, '2001:db8::1')
  assert.equal(renewed.known, true)
  assert.notDeepEqual(renewed.cookie, cookie)
  now += 1800
  assert.equal(cookies.answer(cookie, '2001:db8::1').known, false)
  now -= 3601 + 301
  assert.equal(cookies.answer(cookie, '2001:db8::1').known, false)
})
