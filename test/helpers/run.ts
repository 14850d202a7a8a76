// Runs the suite: every test/**/*.test.ts below the given paths, each file in a process of its own. Started by bin/test.mjs.
// Files that start pods or a house run one at a time at the end, so that they don't disturb each other; the rest two at a time, and those of the panel,
// which look at nothing but the one house that each of them has.
import { globSync, readFileSync, statSync } from 'node:fs'
import { run } from 'node:test'
import { Reporter } from './reporter.ts'

const root = new URL('../..', import.meta.url).pathname
/** A file that takes longer hangs; milliseconds. */
const PATIENCE = 300_000
const ITS_OWN_HOUSE = /^test\/gateway\/panel\//
/** What in a test's source says that it needs the machine for itself. */
const ALONE = /helpers\/(house|pods?|workshop|machine)\.ts'|provisioner\/house\.ts'|test\/e2e/

process.chdir(root)
process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const paths = args.filter(arg => !arg.startsWith('--'))
  const files = select(paths)
  if (args.includes('--list')) return list(files)
  const alone = files.filter(file => needsMachine(file))
  const reporter = new Reporter(process.stdout)
  await phase(files.filter(file => !alone.includes(file)), 2, reporter)
  await phase(alone, 1, reporter)
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

function needsMachine(file: string): boolean {
  return statSync(file).isFile() && !ITS_OWN_HOUSE.test(file) && (/^test\/(e2e|provisioner)\//.test(file) || ALONE.test(readFileSync(file, 'utf8')))
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
