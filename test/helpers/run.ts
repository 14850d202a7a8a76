// Runs the suite: every test/**/*.test.ts below the given paths, each file in a process of its own. Started by bin/test.mjs.
// First, three at a time, the files that start no house: they wait more than they work. Then, two at a time, those that look at nothing but the houses they
// start themselves. At the end, one at a time, those that change what belongs to the whole machine: its rules, its settings, its memory.
import { globSync, readFileSync } from 'node:fs'
import { run } from 'node:test'
import { Reporter } from './reporter.ts'

const root = new URL('../..', import.meta.url).pathname
/** A file that takes longer hangs; milliseconds. */
const PATIENCE = 300_000
/** What in a test's source says that it starts a house or pods. */
const HOUSE = /helpers\/(house|pods)\.ts'/
const MACHINE = /^test\/(provisioner\/|e2e\/many\.)/

process.chdir(root)
process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const paths = args.filter(arg => !arg.startsWith('--'))
  const files = select(paths)
  if (args.includes('--list')) return list(files)
  const reporter = new Reporter(process.stdout)
  const { light = [], house = [], machine = [] } = Object.groupBy(files, kind)
  await phase(light, 3, reporter)
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

function kind(file: string): 'light' | 'house' | 'machine' {
  if (MACHINE.test(file)) return 'machine'
  return file.startsWith('test/e2e/') || HOUSE.test(readFileSync(file, 'utf8')) ? 'house' : 'light'
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
