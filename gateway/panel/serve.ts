// Opens the panel's doors: a unix socket for the relay's visitors, one for the command line, and one that leads to sites' tools. Called by control's main.
import { setMaxListeners } from 'node:events'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { places } from '../../wire/house.ts'
import { openDoor, type App } from './app.ts'
import type { Door, Parts } from './parts.ts'
import { Rates } from './rates.ts'
import { Passes } from './tools/passes.ts'
import { Hosts, openTools } from './tools/serve.ts'

/** Milliseconds that requests in flight have when the panel closes. */
const GRACE = 5_000

/**
 * Listens on the panel's, the admin's and the tools' socket (mode 0660, in directories that say who may connect). Stale socket files are replaced.
 * `close` ends streams, lets requests in flight finish for 5 s, and removes the sockets.
 */
export async function servePanel(parts: Parts): Promise<{ close(): Promise<void> }> {
  const { panelSocket, adminSocket, toolsSocket } = places(parts.house.data)
  const closing = new AbortController()
  const passes = new Passes()
  const hosts = new Hosts(parts)
  const rates = new Rates(Date.now, parts.registry.tries)
  setMaxListeners(0, closing.signal)
  const open = async (door: Door, path: string): Promise<App> => {
    const app = await openDoor({ ...parts, door, rates, passes, hosts, closing: closing.signal })
    await listen(app, path)
    return app
  }
  const visitors = await open('visitors', panelSocket)
  const console = await open('console', adminSocket).catch(async (error: unknown) => {
    await visitors.close()
    throw error
  })
  const tools = openTools(parts, passes, hosts)
  await place(toolsSocket, () => new Promise<void>((resolve, reject) => tools.server.once('error', reject).listen(toolsSocket, resolve)))
  return {
    async close() {
      await close([visitors, console], closing)
      await tools.close()
      rates.flush()
    },
  }
}

const listen = (app: App, path: string): Promise<void> => place(path, () => app.listen({ path }))

/** A socket in the place of what a dead one left, for whoever may enter its directory. */
async function place(path: string, open: () => Promise<unknown>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  await rm(path, { force: true })
  await open()
  await chmod(path, 0o660)
}

async function close(apps: App[], closing: AbortController): Promise<void> {
  closing.abort()
  const late = setTimeout(() => apps.forEach(app => app.server.closeAllConnections()), GRACE)
  await Promise.all(apps.map(app => app.close()))
  clearTimeout(late)
}
