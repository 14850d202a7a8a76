// Lines of access logs that wait to be written, of all sites, one after the other in one buffer. As strings they would be copied by each
// scavenge for as long as they wait, which costs a tenth of a small request. Two of them take turns; made and called by journal.ts.

/** A site's lines: where each run of them begins and ends in the buffer, how many bytes and how many lines that makes. */
type Lines = { runs: number[]; bytes: number; count: number }

const FIRST = 65_536
/** A buffer that had to grow beyond this is not kept. */
const KEPT = 1_048_576

export class Waiting {
  private readonly sites = new Map<string, Lines>()
  private buffer: Buffer
  private used = 0
  private readonly most: number

  /** `most`: bytes of the buffer. */
  constructor(most: number) {
    this.most = most
    this.buffer = this.fresh()
  }

  private fresh(): Buffer { return Buffer.allocUnsafeSlow(Math.min(this.most, FIRST)) }

  get isEmpty(): boolean { return this.sites.size === 0 }
  get count(): number { return [...this.sites.values()].reduce((sum, { count }) => sum + count, 0) }

  /** Bytes of a site's lines. */
  sizeOf(site: string): number { return this.sites.get(site)?.bytes ?? 0 }

  /** Keeps a line of latin1 text; false where there is no room for it. */
  add(site: string, line: string): boolean {
    const end = this.used + line.length
    if (end > this.buffer.length && !this.grow(end)) return false
    this.buffer.write(line, this.used, 'latin1')
    this.note(site, this.used, end)
    this.used = end
    return true
  }

  private note(site: string, start: number, end: number): void {
    const lines = this.sites.get(site)
    if (lines === undefined) return void this.sites.set(site, { runs: [start, end], bytes: end - start, count: 1 })
    if (lines.runs.at(-1) === start) lines.runs[lines.runs.length - 1] = end
    else lines.runs.push(start, end)
    lines.bytes += end - start
    lines.count++
  }

  private grow(wanted: number): boolean {
    if (wanted > this.most) return false
    const buffer = Buffer.allocUnsafeSlow(Math.min(this.most, Math.max(wanted, this.buffer.length * 2)))
    this.buffer.copy(buffer, 0, 0, this.used)
    this.buffer = buffer
    return true
  }

  /** A site's lines won't be written. */
  forget(site: string): void { this.sites.delete(site) }

  /** Each site with its lines, valid until `clear`. */
  * all(): Generator<{ site: string; bytes: Buffer; count: number }> {
    for (const [site, { runs, count }] of this.sites) yield { site, count, bytes: this.gathered(runs) }
  }

  private gathered(runs: number[]): Buffer {
    const pieces: Buffer[] = []
    for (let i = 0; i < runs.length; i += 2) pieces.push(this.buffer.subarray(runs[i], runs[i + 1]))
    const [first] = pieces
    return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces)
  }

  clear(): void {
    this.sites.clear()
    this.used = 0
    if (this.buffer.length > KEPT) this.buffer = this.fresh()
  }
}
