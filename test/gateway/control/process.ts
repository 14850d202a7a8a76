// Control as a process of its own, as the supervisor starts it, and its admin socket.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { places, type Briefing, type House } from '../../../wire/house.ts'
import { readLines } from '../../../wire/lines.ts'

const MAIN = fileURLToPath(new URL('../../../gateway/control/main.ts', import.meta.url))

/** Starts control and resolves when it is ready. It is killed after the test. */
export async function startControl(t: TestContext, house: House): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', process.env.LOG ? 'inherit' : 'ignore'] })
  t.after(() => kill(child))
  child.stdin.on('error', () => {})
  child.stdin.write(`${JSON.stringify({ house, index: 0, fds: { http: [], https: [], dnsUdp: [], dnsTcp: [] } } satisfies Briefing)}\n`)
  const early = once(child, 'exit').then(([code]) => { throw new Error(`control left with ${code} before it was ready`) })
  await Promise.race([new Promise<unknown>(resolve => { readLines(child.stdout, resolve) }), early])
  early.catch(() => {})
  return child
}

/** kill -9, and its end. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** A call of the API on the admin socket. */
export async function call(house: House, method: 'GET' | 'POST' | 'DELETE' | 'PUT', path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const dispatcher = new Agent({ connect: { socketPath: places(house.data).adminSocket } })
  try {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await request(`http://localhost${path}`, { method, dispatcher, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const text = await answer.body.text()
    return { status: answer.statusCode, json: text === '' ? null : JSON.parse(text) }
  } finally {
    await dispatcher.destroy()
  }
}
