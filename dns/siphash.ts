// SipHash-2-4, the keyed hash of DNS cookies (RFC 9018 section 4.4). Called by cookie.ts. node:crypto doesn't offer it.

/** The state: v0 to v3, each a low and a high half. */
const v = new Int32Array(8)

/** SipHash-2-4 of the first `length` bytes of `data` under a key of 16 bytes: eight bytes, written at `at` of `into`. */
export function siphash(key: Buffer, data: Buffer, length: number, into: Buffer, at: number): void {
  start(key)
  const whole = length - length % 8
  for (let n = 0; n < whole; n += 8) absorb(data.readInt32LE(n), data.readInt32LE(n + 4))
  absorbLast(data, whole, length)
  v[4] = get(4) ^ 0xff
  for (let n = 0; n < 4; n += 1) round()
  into.writeInt32LE(get(0) ^ get(2) ^ get(4) ^ get(6), at)
  into.writeInt32LE(get(1) ^ get(3) ^ get(5) ^ get(7), at + 4)
}

function start(key: Buffer): void {
  const low0 = key.readInt32LE(0)
  const high0 = key.readInt32LE(4)
  const low1 = key.readInt32LE(8)
  const high1 = key.readInt32LE(12)
  v[0] = low0 ^ 0x70736575; v[1] = high0 ^ 0x736f6d65
  v[2] = low1 ^ 0x6e646f6d; v[3] = high1 ^ 0x646f7261
  v[4] = low0 ^ 0x6e657261; v[5] = high0 ^ 0x6c796765
  v[6] = low1 ^ 0x79746573; v[7] = high1 ^ 0x74656462
}

function absorb(low: number, high: number): void {
  v[6] = get(6) ^ low; v[7] = get(7) ^ high
  round()
  round()
  v[0] = get(0) ^ low; v[1] = get(1) ^ high
}

function absorbLast(data: Buffer, from: number, length: number): void {
  const halves = [0, 0]
  for (let n = from; n < length; n += 1) {
    const half = n - from >= 4 ? 1 : 0
    halves[half] = (halves[half] ?? 0) | (data[n] ?? 0) << 8 * ((n - from) % 4)
  }
  absorb(halves[0] ?? 0, (halves[1] ?? 0) | length << 24)
}

function round(): void {
  add(0, 2); rotate(2, 13); xor(2, 0); swap(0)
  add(4, 6); rotate(6, 16); xor(6, 4)
  add(0, 6); rotate(6, 21); xor(6, 0)
  add(4, 2); rotate(2, 17); xor(2, 4); swap(4)
}

function get(n: number): number { return v[n] ?? 0 }

/** v[to] += v[by], 64 bits. */
function add(to: number, by: number): void {
  const low = (get(to) >>> 0) + (get(by) >>> 0)
  v[to] = low | 0
  v[to + 1] = get(to + 1) + get(by + 1) + (low > 0xffffffff ? 1 : 0)
}

/** Rotates left by fewer than 32 bits. */
function rotate(n: number, by: number): void {
  const low = get(n)
  const high = get(n + 1)
  v[n] = low << by | high >>> 32 - by
  v[n + 1] = high << by | low >>> 32 - by
}

function xor(to: number, by: number): void {
  v[to] = get(to) ^ get(by)
  v[to + 1] = get(to + 1) ^ get(by + 1)
}

/** Rotates by 32 bits. */
function swap(n: number): void {
  const low = get(n)
  v[n] = get(n + 1)
  v[n + 1] = low
}
