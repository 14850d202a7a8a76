// The command line, after bin/auberge.mjs has brought in what it needs: reads it again and does what it says. Exit codes: 0 done, 1 failed, 2 usage.
import { thisHost } from '../bin/host.mjs'
import { parse, type Order, type Request } from '../bin/parse.mjs'
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import type { Desk, Streams } from './desk.ts'

const clone = new URL('..', import.meta.url).pathname.replace(/\/$/, '')
const argv = process.argv.slice(2)
const streams: Streams = { input: process.stdin, output: process.stdout, errors: process.stderr }

process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

let json = argv.includes('--json')
try {
  const request = parse(argv, process.env, thisHost())
  process.exitCode = await perform(request)
} catch (error) {
  process.exitCode = complain(error)
}

async function perform(request: Request): Promise<number> {
  const asRoot = process.getuid?.() === 0
  if (request.kind === 'help') return print(request.text)
  if (request.kind === 'version') return print('see auberge --version\n')
  if (request.kind === 'up') return (await import('./up.ts')).up(request.house, { clone, asRoot, argv, env: process.env })
  json = request.json
  if (request.command === 'setup') return (await import('./setup.ts')).setUp(request, { clone, asRoot })
  if (request.command === 'doctor') return (await import('./doctor.ts')).doctor(request, { clone, asRoot }, streams)
  if (request.command === 'restore') return (await import('./restore.ts')).restore(request, { clone, asRoot }, streams)
  return atTheDesk(request)
}

/** Everything else asks the running house. */
async function atTheDesk(order: Order): Promise<number> {
  const [{ verbOf }, { Admin }] = await Promise.all([import('./verbs.ts'), import('./admin.ts')])
  const verb = verbOf(order)
  const admin = new Admin(order.data)
  const desk: Desk = { order, admin, ...streams }
  try {
    return (await verb(desk)) ?? 0
  } finally {
    await admin.close()
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** One line on standard error; with `--json` the error as the API would say it. */
function complain(error: unknown): number {
  if (error instanceof UsageError) return say(error.message, 'usage', 2)
  if (error instanceof AubergeError) return say(error.message, error.code, 1)
  if (error instanceof Error && 'code' in error) return say(error.message, 'failed', 1)
  throw error
}

function say(message: string, code: string, exit: number): number {
  process.stderr.write(json ? `${JSON.stringify({ error: { code, message } })}\n` : `auberge: ${message}\n`)
  return exit
}
