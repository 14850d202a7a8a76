// The data of NSEC records (RFC 4034 section 4). Called by denial.ts and by transfers.

/** The data that says: after this name comes `next`, and at this name there are `types` and no others. */
export function nsecData(next: string, types: Iterable<number>): Buffer {
  return Buffer.concat([Buffer.from(next, 'latin1'), typeBitmaps(types)])
}

/** Windows of 256 types each: number, bytes, bits (RFC 4034 section 4.1.2). */
export function typeBitmaps(types: Iterable<number>): Buffer {
  const windows = new Map<number, Buffer>()
  for (const type of [...types].sort((a, b) => a - b)) {
    const window = type >> 8
    const bits = windows.get(window) ?? Buffer.alloc(32)
    bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7)
    windows.set(window, bits)
  }
  return Buffer.concat([...windows].flatMap(([window, bits]) => {
    const used = trimmed(bits)
    return [Buffer.from([window, used.length]), used]
  }))
}

function trimmed(bits: Buffer): Buffer {
  let end = bits.length
  while (bits[end - 1] === 0) end -= 1
  return bits.subarray(0, end)
}
