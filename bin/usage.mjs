// The error of a command line that makes no sense, and the nearest word to a misspelt one. Plain JavaScript: used before anything is installed.

/** What was wrong with the command line and what to do instead, in one line. Exit code 2. */
export class UsageError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message)
    this.name = 'UsageError'
  }
}

/**
 * `; did you mean X?` where a known word is near enough to be meant, else `; see auberge --help`.
 * @param {string} word
 * @param {readonly string[]} known
 */
export function suggest(word, known) {
  const near = nearest(word, known)
  return near === null ? '; see auberge --help' : `; did you mean ${near}?`
}

/**
 * The known word at the smallest edit distance, at most a third of the word's length and at least 2; null if none.
 * @param {string} word
 * @param {readonly string[]} known
 * @returns {string | null}
 */
export function nearest(word, known) {
  const most = Math.max(2, Math.floor(word.length / 3))
  const ranked = known.map(candidate => ({ candidate, far: distance(word, candidate) })).sort((a, b) => a.far - b.far)
  const best = ranked[0]
  return best !== undefined && best.far <= most ? best.candidate : null
}

/**
 * Edit distance in which two swapped neighbours count as one edit.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function distance(a, b) {
  /** @type {number[]} */
  let before = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const edits = [at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1)]
      if (swapped) edits.push(at(before, column - 2) + 1)
      next.push(Math.min(...edits))
    }
    before = last
    last = next
  }
  return at(last, b.length)
}

/**
 * @param {number[]} row
 * @param {number} column
 */
function at(row, column) {
  return row[column] ?? Infinity
}
