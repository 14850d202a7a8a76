// What `npm test` shows: a line per file as it ends, every failure in full, and last of all `N passed, N failed`. Called by run.ts.
import { inspect } from 'node:util'
import { relative } from 'node:path'
import type { Writable } from 'node:stream'
import type { TestEvent } from 'node:test/reporters'

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>
type Failure = { name: string; error: unknown }
type Tally = { passed: number; failed: number; skipped: number; failures: Failure[]; output: string[]; at: number }

export class Reporter {
  readonly #out: Writable
  readonly #files = new Map<string, Tally>()
  #passed = 0
  #failed = 0
  #skipped = 0
  /** Every failure's first lines, said again at the end: a record that keeps only the end of the output names them. */
  readonly #again: string[] = []

  constructor(out: Writable) {
    this.#out = out
  }

  begin(file: string): void {
    this.#tally(file)
  }

  /** What happened in `file`, which `begin` announced. */
  take(file: string, event: TestEvent): void {
    if (event.type === 'test:pass' || event.type === 'test:fail') this.#ended(event, file)
    if (event.type === 'test:stderr' || event.type === 'test:stdout') this.#keep(this.#tally(file), event.data.message)
  }

  /** Writes the last line; resolves the exit code: 1 if anything failed or nothing ran. */
  finish(): number {
    const skips = this.#skipped > 0 ? `, ${this.#skipped} skipped` : ''
    this.#out.write(this.#again.map(line => `\n${line}\n`).join(''))
    this.#out.write(`\n${this.#passed} passed, ${this.#failed} failed${skips}\n`)
    return this.#failed > 0 || this.#passed === 0 ? 1 : 0
  }

  #ended(event: Ended, file: string): void {
    const { data } = event
    if (event.type === 'test:pass' && isFile(event, file)) return
    if (data.details.type === 'suite' && !ownFailure(event)) return
    const tally = this.#tally(file)
    if (data.skip !== undefined && data.skip !== false) tally.skipped++
    else if (event.type === 'test:pass') tally.passed++
    else if (data.todo === undefined || data.todo === false) this.#failure(tally, event, file)
  }

  #failure(tally: Tally, event: Ended, file: string): void {
    const error = (event.data.details as { error?: { cause?: unknown; failureType?: string } }).error
    if (error?.failureType === 'subtestsFailed' || (isFile(event, file) && tally.failed > 0)) return
    tally.failed++
    tally.failures.push({ name: event.data.name, error: error?.cause ?? error })
  }

  /** A file's process has ended. */
  end(file: string): void {
    const tally = this.#tally(file)
    this.#passed += tally.passed
    this.#failed += tally.failed
    this.#skipped += tally.skipped
    this.#show(file, tally)
    this.#files.delete(file)
  }

  #show(file: string, tally: Tally): void {
    const seconds = ((performance.now() - tally.at) / 1000).toFixed(1)
    const skips = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
    this.#out.write(`${tally.failed > 0 ? 'FAIL' : 'ok  '}  ${relative(process.cwd(), file)}  ${tally.passed} passed${tally.failed > 0 ? `, ${tally.failed} failed` : ''}${skips}  (${seconds} s)\n`)
    for (const { name, error } of tally.failures) this.#again.push(`FAIL  ${relative(process.cwd(), file)}  ${name}\n${indent(spell(error).slice(0, 500))}`)
    for (const failure of tally.failures) this.#out.write(`      ✗ ${failure.name}\n${indent(spell(failure.error))}\n`)
    if (tally.failed > 0) this.#out.write(tally.output.slice(-100).map(line => indent(line)).join('\n') + '\n')
  }

  #keep(tally: Tally, message: string): void {
    tally.output.push(...message.trimEnd().split('\n'))
    if (tally.output.length > 400) tally.output.splice(0, 200)
  }

  #tally(file: string): Tally {
    const tally = this.#files.get(file) ?? { passed: 0, failed: 0, skipped: 0, failures: [], output: [], at: performance.now() }
    this.#files.set(file, tally)
    return tally
  }
}

/** The runner reports a file itself as a test where it broke outside any of its tests. */
function isFile({ data }: Ended, file: string): boolean {
  return data.nesting === 0 && data.name.endsWith(file)
}

/** A suite counts only where it failed itself, in a hook: its tests are counted each. */
function ownFailure(event: Ended): boolean {
  const error = (event.data.details as { error?: { failureType?: string } }).error
  return event.type === 'test:fail' && error?.failureType !== 'subtestsFailed'
}

function spell(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : inspect(error)
}

function indent(text: string): string {
  return text.split('\n').map(line => `        ${line}`).join('\n')
}
