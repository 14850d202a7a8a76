// How far a build is, out of what mmdebstrap says. Called by build with every line.

/** The parts of a build and the percentage each begins at, from measured times. */
const PARTS: [mark: string, name: string, from: number, to: number][] = [
  ['I: running apt-get update', 'reading package lists', 1, 5],
  ['I: downloading packages with apt', 'base system: fetching', 5, 10],
  ['I: extracting archives', 'base system: unpacking', 10, 14],
  ['I: installing essential packages', 'base system: installing', 14, 36],
  ['I: installing remaining packages', 'packages: installing', 36, 93],
  ['I: cleaning package lists', 'packages: tidying', 93, 94],
]

/** Follows a build; `line` is fed every line, `state` is the step and a percentage that never goes back. */
export class Progress {
  #part = { name: 'starting', from: 0, to: 1 }
  #total = 0
  #done = 0
  #percent = 0

  line(text: string): void {
    const part = PARTS.find(([mark]) => text.startsWith(mark))
    if (part) this.#enter(part)
    const total = /, (\d+) newly installed/.exec(text)
    if (total) this.#total = Number(total[1])
    if (/^(Get:|Unpacking |Setting up )/.test(text)) this.#done++
  }

  step(name: string, percent: number): void {
    this.#part = { name, from: percent, to: percent }
    this.#done = 0
  }

  get state(): { step: string; percent: number } {
    const share = this.#total ? Math.min(1, this.#done / (this.#total * this.#counted())) : 0
    this.#percent = Math.max(this.#percent, Math.round(this.#part.from + share * (this.#part.to - this.#part.from)))
    return { step: this.#part.name, percent: this.#percent }
  }

  #enter([, name, from, to]: (typeof PARTS)[number]): void {
    this.#part = { name, from, to }
    this.#done = 0
  }

  /** How many lines each package brings in the present part. */
  #counted(): number {
    return this.#part.name === 'packages: installing' ? 3 : this.#part.name === 'base system: installing' ? 2 : 1
  }
}
