// What a relay counts for /metrics, in plain numbers: an increment on a request's way, a message once a second. Made by relay.ts, told by serve.ts.
import type { ProblemName } from './problems.ts'

/** Names of counts: `requests.2xx`, `requests.left` (the visitor went first), `problem.busy`, `bytes`, `refused`, `cpu` (microseconds). */
export type Counts = Record<string, number>

export class Meter {
  private readonly classes = [0, 0, 0, 0, 0, 0]
  private readonly problems = new Map<ProblemName, number>()
  private bytes = 0
  private refused = 0
  private lost = 0
  private residentBytes = 0
  private told = { lost: 0, cpu: 0 }

  /** A request is over. `status` 499 is nobody's answer: the visitor left. */
  request(status: number, bytes: number, problem: ProblemName | null): void {
    const at = status === 499 ? 0 : Math.floor(status / 100)
    this.classes[at] = (this.classes[at] ?? 0) + 1
    this.bytes += bytes
    if (problem !== null) this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1)
  }

  /** A connection was one too many. */
  turnedAway(): void { this.refused++ }

  /** Lines of access logs that were lost, ever. */
  linesLost(total: number): void { this.lost = total }

  /** Bytes of memory this process holds. To read it Node opens a file, and throws where no more may be open: then it is what it was. */
  resident(): number {
    try {
      return this.residentBytes = process.memoryUsage.rss()
    } catch {
      return this.residentBytes
    }
  }

  /** Gives `send` what was counted since it last took something: only what isn't 0. */
  drain(send: (counts: Counts) => boolean): void {
    const { user, system } = process.cpuUsage()
    const now = { lost: this.lost, cpu: user + system }
    const counts: Counts = {}
    const add = (name: string, value: number): void => { if (value > 0) counts[name] = value }
    for (const [i, value] of this.classes.entries()) add(i === 0 ? 'requests.left' : `requests.${i}xx`, value)
    for (const [name, value] of this.problems) add(`problem.${name}`, value)
    add('bytes', this.bytes)
    add('refused', this.refused)
    add('lost', now.lost - this.told.lost)
    add('cpu', now.cpu - this.told.cpu)
    if (!send(counts)) return
    this.told = now
    this.classes.fill(0)
    this.problems.clear()
    this.bytes = this.refused = 0
  }
}
