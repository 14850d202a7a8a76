import test from 'node:test'
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CUSTOM, dialled, reply } from './tls-house.ts'
import type { ToRelay } from '../../../gateway/messages.ts'

const PROGRAM = fileURLToPath(new URL('tls-worker.ts', import.meta.url))
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
type Worker = { port: number; tell: (message: ToRelay) => void }

async function worker(t: TestContext, key: string): Promise<Worker> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] }) as ChildProcess & { stdin: Writable; stdout: Readable }
  t.after(() => { child.kill(); return once(child, 'exit') })
  const tell = (message: ToRelay): void => { child.stdin.write(`${JSON.stringify(message)}\n`) }
  tell({ type: 'tickets', key })
  tell({ type: 'certificates', certificates: [CUSTOM] })
  const [port] = await once(child.stdout, 'data') as [Buffer]
  return { port: Number(port), tell }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session of ${version} begun at one worker resumes at another, each a process of its own, and not at one with another key`, async t => {
    const key = (fill: number): string => Buffer.alloc(48, fill).toString('base64')
    const [first, second, stranger] = await Promise.all([worker(t, key(1)), worker(t, key(1)), worker(t, key(2))])
    const socket = await dialled(t, first.port, { maxVersion: version })
    let session = socket.getSession()
    socket.on('session', newest => { session = newest })
    await reply(socket, GET, / 404 [^]*\r\n\r\n./)
    const again = { maxVersion: version, ...session && { session } }
    const resumed = await dialled(t, second.port, again)
    assert.equal(resumed.isSessionReused(), true)
    await reply(resumed, GET, / 404 [^]*\r\n\r\n./)
    assert.equal((await dialled(t, stranger.port, again)).isSessionReused(), false)
  })
}
