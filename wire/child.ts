// How a process of the house starts and ends: reads its briefing, says when it is ready, leaves when the supervisor does.
import { once } from './once.ts'
import { readLines } from './lines.ts'
import type { Briefing, Report } from './house.ts'

/**
 * Resolves with the briefing, the first line of standard input. When standard input ends (the supervisor died)
 * or SIGTERM or SIGINT comes, `stop` is called once; the process exits 0 when it resolves, or after 10 s.
 */
export function briefed(stop: () => Promise<void>): Promise<Briefing> {
  const leave = once(async () => {
    setTimeout(() => process.exit(1), 10_000).unref()
    await stop()
    process.exit(0)
  })
  process.on('SIGTERM', leave)
  process.on('SIGINT', leave)
  process.stdin.on('close', leave)
  process.stdin.on('end', leave)
  return new Promise(resolve => readLines<Briefing>(process.stdin, resolve))
}

/** Tells the supervisor that this process serves, and what else it should know. */
export function ready(more: Omit<Report, 'type'> = {}): void {
  process.stdout.write(`${JSON.stringify({ type: 'ready', ...more } satisfies Report)}\n`)
}
