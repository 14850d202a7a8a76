// The files browsers load: found under an address that changes with their content, so they may be kept for a year. Called by pages/all.ts.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { App } from './app.ts'

export const PUBLIC = join(import.meta.dirname, 'public')

/** Files of libraries that pages load, by the names they have below `vendor/`. */
const VENDOR: Record<string, { from: string; type: string }> = {
  'xterm.js': { from: '@xterm/xterm/lib/xterm.mjs', type: 'text/javascript; charset=utf-8' },
  'xterm.css': { from: '@xterm/xterm/css/xterm.css', type: 'text/css; charset=utf-8' },
  'fit.js': { from: '@xterm/addon-fit/lib/addon-fit.mjs', type: 'text/javascript; charset=utf-8' },
}

const vendored = (name: string): Buffer => readFileSync(fileURLToPath(import.meta.resolve(VENDOR[name]!.from)))

/** Serves them, compressed once: the terminal is ten times as large as all of ours. */
export function addVendor(app: App, prefix: string): void {
  for (const [name, { type }] of Object.entries(VENDOR)) {
    const whole = vendored(name)
    const small = gzipSync(whole, { level: 9 })
    app.get(`${prefix}/vendor/${name}`, { config: { access: 'anyone' }, schema: { hide: true } }, (request, reply) => {
      const zips = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
      return reply.type(type).headers({ 'cache-control': KEEP, vary: 'accept-encoding', ...(zips ? { 'content-encoding': 'gzip' } : {}) }).send(zips ? small : whole)
    })
  }
}

/** An address that changes with its content. */
export const KEEP = 'public, max-age=31536000, immutable'

/** `/assets/HASH`, the same for all files, so that modules can import each other by relative names. */
export function assetsPrefix(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(PUBLIC).sort()) hash.update(name).update(readFileSync(join(PUBLIC, name)))
  for (const name of Object.keys(VENDOR)) hash.update(name).update(vendored(name))
  return `/assets/${hash.digest('hex').slice(0, 16)}`
}
