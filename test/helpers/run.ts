// Runs the suite: every test/**/*.test.ts below the given paths, each file in a process of its own. Started by bin/test.mjs.
// First, two at a time, the files that start no house, and beside them, one at a time, those with a browser: where the addresses of the machine change, as when a
// house with pods starts or ends, Chromium gives up what it is loading (ERR_NETWORK_CHANGED). Then, two at a time, what looks at nothing but the houses it starts
// itself. At the end, one at a time, what changes that which belongs to the whole machine: its rules, its settings, its memory.
import { globSync, readFileSync } from 'node:fs'
import { run } from 'node:test'
import { Reporter } from './reporter.ts'

const root = new URL('../..', import.meta.url).pathname
/** A file that takes longer hangs; milliseconds. */
const PATIENCE = 300_000
/** What in a test's source says that it starts a house or pods. */
const HOUSE = /helpers\/(house|pods)\.ts'/
const BROWSER = /helpers\/browser\.ts'|'playwright-core'/
const MACHINE = /^test\/(provisioner\/|e2e\/many\.)/

process.chdir(root)
process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const paths = args.filter(arg => !arg.startsWith('--'))
  const files = select(paths)
  if (args.includes('--list')) return list(files)
  const reporter = new Reporter(process.stdout)
  const { light = [], browser = [], house = [], machine = [] } = Object.groupBy(files, kind)
  await Promise.all([phase(light, 2, reporter), phase(browser, 1, reporter)])
  await phase(house, 2, reporter)
  await phase(machine, 1, reporter)
  return reporter.finish()
}

/** All test files, or those that are or are below one of the paths. */
function select(paths: string[]): string[] {
  const all = globSync('test/**/*.test.ts').sort()
  if (paths.length === 0) return all
  const missing = paths.filter(path => !all.some(file => isBelow(file, path)))
  for (const path of missing) process.stderr.write(`test: no tests at ${path}\n`)
  return missing.length > 0 ? [] : all.filter(file => paths.some(path => isBelow(file, path)))
}

function isBelow(file: string, path: string): boolean {
  const clean = path.replace(/^\.\//, '').replace(/\/$/, '')
  return file === clean || file.startsWith(`${clean}/`)
}

function kind(file: string): 'light' | 'browser' | 'house' | 'machine' {
  if (MACHINE.test(file)) return 'machine'
  const source = readFileSync(file, 'utf8')
  if (BROWSER.test(source)) return 'browser'
  return file.startsWith('test/e2e/') || HOUSE.test(source) ? 'house' : 'light'
}

async function phase(files: string[], concurrency: number, reporter: Reporter): Promise<void> {
  const queue = [...files]
  const worker = async () => { for (let file = queue.shift(); file; file = queue.shift()) await runFile(file, reporter) }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

/** The signal ends the file's process, which the runner's own timeout leaves alone where it hangs; the runner reports that as the file's failure. */
async function runFile(file: string, reporter: Reporter): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE)
  reporter.begin(file)
  for await (const event of run({ files: [file], isolation: 'process', signal })) reporter.take(file, event)
  reporter.end(file)
}

function list(files: string[]): number {
  process.stdout.write(files.map(file => `${file}\n`).join(''))
  return 0
}
