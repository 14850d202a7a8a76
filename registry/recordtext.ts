// Words of a record's data as zone files write them (RFC 1035 section 5.1): apart by blanks, in double quotes where blanks are part of
// them, `\"` and `\DDD` for other octets. Called by recorddata.ts.

/** `text` is the word as it was written, without its quotes; `bytes` what it stands for. */
export type Word = { text: string; bytes: Buffer; quoted: boolean }

const WORD = /\s*(?:"((?:[^"\\]|\\\d{3}|\\\D)*)"(?=\s|$)|((?:[^\s"\\]|\\\d{3}|\\\D)+))/y

/** The words of a line, or null where a quote or an escape is not ended. */
export function words(line: string): Word[] | null {
  const found: Word[] = []
  WORD.lastIndex = 0
  while (line.slice(WORD.lastIndex).trim() !== '') {
    const match = WORD.exec(line)
    if (match === null) return null
    const text = match[1] ?? match[2] ?? ''
    const bytes = unescaped(text)
    if (bytes === null) return null
    found.push({ bytes, text, quoted: match[1] !== undefined })
  }
  return found
}

function unescaped(text: string): Buffer | null {
  const pieces = text.match(/\\\d{3}|\\\D|[^\\]+/gs) ?? []
  const bytes = pieces.map(piece => {
    if (!piece.startsWith('\\')) return Buffer.from(piece)
    return /\d/.test(piece) ? octet(Number(piece.slice(1))) : Buffer.from(piece.slice(1))
  })
  return bytes.every(each => each !== null) ? Buffer.concat(bytes) : null
}

function octet(value: number): Buffer | null {
  return value > 255 ? null : Buffer.from([value])
}

/** Bytes as a string in quotes, which `words` reads back; what isn't printable ASCII as `\DDD`. */
export function quoted(bytes: Buffer): string {
  const one = (byte: number): string => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
  }
  return `"${[...bytes].map(one).join('')}"`
}
