// Seeded chance, byte mutations and delta debugging. Used by the relay's fuzz tests and bench/fuzz.ts.

/** A number from 0 to below its argument. */
export type Pick = (below: number) => number

/** Mulberry32: the same numbers for the same seed. */
export function random(seed: number): Pick {
  let state = seed | 0
  return below => {
    state = (state + 0x6D2B79F5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

export function from<T>(pick: Pick, list: readonly T[]): T { return list[pick(list.length)] as T }

const ODD = ['\r', '\n', '\0', ' ', '\t', ':', ',', ';', '\x7f', '\xa0', '\x85', '\xff', '\r\n', '\r\n ', '\n\n', '\r\r\n', '0', '1', 'f', 'x', '\x0b', '\x0c', '-', '_', '"', '\r\n\r\n', 'chunked', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'close']

/** One change: a byte flipped, removed, doubled, something odd put in, or a stretch copied elsewhere. */
export function mutate(text: string, pick: Pick): string {
  const at = pick(text.length + 1)
  const to = Math.min(text.length, at + 1 + pick(8))
  switch (pick(7)) {
    case 0: return text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << pick(8))) + text.slice(at + 1)
    case 1: return text.slice(0, at) + text.slice(to)
    case 2: return text.slice(0, to) + text.slice(at)
    case 3: return splice(text, at, pick)
    case 4: return text.slice(0, at) + String.fromCharCode(pick(256)) + text.slice(at + pick(2))
    default: return text.slice(0, at) + from(pick, ODD) + text.slice(at + pick(2))
  }
}

/** A stretch of the text, perhaps a whole line, once more somewhere else. */
function splice(text: string, at: number, pick: Pick): string {
  const lines = text.split('\r\n')
  const piece = pick(2) === 0 ? `${from(pick, lines)}\r\n` : text.slice(at, at + 1 + pick(40))
  const into = pick(2) === 0 ? text.indexOf('\r\n', at) + 2 : pick(text.length + 1)
  return text.slice(0, into) + piece + text.slice(into)
}

/** Where to cut `size` bytes into writes. */
export function cuts(size: number, pick: Pick): number[] {
  const many = from(pick, [0, 0, 0, 1, 1, 2, 3, 8])
  return Array.from({ length: many }, () => pick(size + 1)).sort((a, b) => a - b)
}

/** The shortest text found by leaving parts out that still `fails`; at most `most` tries. */
export async function shrink(text: string, fails: (text: string) => Promise<boolean>, most = 400): Promise<string> {
  let tries = 0
  for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < text.length && tries < most;) {
      const shorter = text.slice(0, at) + text.slice(at + size)
      tries++
      if (await fails(shorter)) text = shorter
      else at += size
    }
  }
  return text
}
