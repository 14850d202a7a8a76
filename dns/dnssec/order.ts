// The canonical order of names and records (RFC 4034 section 6). Called by neighbours.ts' tests, rrsig.ts and transfers. Names are
// keys as in name.ts: wire form, lower case, latin1.

/** Compares two names: label by label from the root, bytes as unsigned numbers, the shorter first (RFC 4034 section 6.1). */
export function compareNames(a: string, b: string): number {
  const left = labelsOf(a)
  const right = labelsOf(b)
  for (let n = 1; n <= Math.min(left.length, right.length); n += 1) {
    const one = left[left.length - n] ?? ''
    const other = right[right.length - n] ?? ''
    if (one !== other) return one < other ? -1 : 1
  }
  return left.length - right.length
}

/** The labels of a name from the first to the root's child. Equal lengths in latin1 are equal bytes: strings compare as bytes do. */
export function labelsOf(key: string): string[] {
  const labels: string[] = []
  for (let at = 0; at < key.length - 1;) {
    const next = at + 1 + key.charCodeAt(at)
    labels.push(key.slice(at + 1, next))
    at = next
  }
  return labels
}

/** The key of labels, the reverse of `labelsOf`. */
export function joinLabels(labels: readonly string[]): string {
  return labels.map(label => String.fromCharCode(label.length) + label).join('') + '\0'
}

/** Records' data in canonical order, each once (RFC 4034 section 6.3, RFC 2181 section 5). */
export function sortData(data: readonly Buffer[]): Buffer[] {
  const sorted = data.toSorted(Buffer.compare)
  return sorted.filter((one, n) => n === 0 || !one.equals(sorted[n - 1] as Buffer))
}
