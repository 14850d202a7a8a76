// Visitors' addresses as bytes. Called by limit.ts and cookie.ts for the sender of a query, as the kernel wrote it.

/**
 * The bytes of an IPv4 (4) or IPv6 (16) address, written into `into`; returns how many. An IPv4 address mapped into
 * IPv6 is IPv4; a scope (`%eth0`) is left out. What isn't an address reads as zeros: the kernel doesn't write such.
 */
export function writeAddress(address: string, into: Uint8Array): 4 | 16 {
  if (address.includes('.')) return writeIpv4(address, address.lastIndexOf(':') + 1, into)
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  into.fill(0, 0, 16)
  writeGroups(head, 0, into)
  if (tail !== undefined && tail !== '') writeGroups(tail, 16 - 2 * tail.split(':').length, into)
  return 16
}

function writeIpv4(address: string, from: number, into: Uint8Array): 4 {
  let byte = 0
  let at = 0
  for (let n = from; n < address.length; n += 1) {
    const digit = address.charCodeAt(n) - 48
    if (digit >= 0) byte = byte * 10 + digit
    else { into[at++] = byte; byte = 0 }
  }
  into[at] = byte
  return 4
}

function writeGroups(text: string, from: number, into: Uint8Array): void {
  if (text === '') return
  let at = Math.max(0, from)
  for (const group of text.split(':')) {
    const value = Number.parseInt(group, 16)
    into[at++] = value >> 8
    into[at++] = value & 0xff
  }
}

/** Whether an address is this machine's own loopback: the kernel takes such packets from no other machine. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.')
}
