// A site's database as SQL, and back. MariaDB's own programs run in a container of the site, with its ids, its address and its password: a dump
// reads, and a stranger's dump writes, what the site itself could. Called in the site's queue by backup.ts, restore.ts and recipes/adopt.ts.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { once } from 'node:events'
import { PassThrough, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { AubergeError } from '../../wire/error.ts'
import { accessOf } from '../database/access.ts'
import { scratchOf } from '../database/accounts.ts'
import type { Host } from '../host.ts'
import { networked } from '../network.ts'
import { inWorkshop, program, type Workshop } from './workshop.ts'

/** A dump on the host, gzipped, root's alone. `bytes`: of the SQL. */
export type Dump = { file: string; bytes: number }

/** Longest a dump or a load may take. Milliseconds. */
const TIME = 30 * 60_000
/** Bytes of SQL that a database of so many bytes may become: what is binary is written twice as long, and each row brings some words. */
const longest = (bytes: number): number => 4 * bytes + 64 * 2 ** 20
const BLOCK = 512
const ENTRY = 'database.sql'

/** Writes the SQL of the site's database to a new file; null for a site that has none. A failed one is the caller's to remove. */
export async function dumpDatabase(host: Host, name: string, file: string): Promise<Dump | null> {
  if (accessOf(host, name) === null) return null
  await host.database.ready()
  const volume = `${host.instance.run}/empty`
  await mkdir(volume, { recursive: true, mode: 0o755 })
  const most = longest(host.states.site(name).spec.limits.database)
  return networked(host, name, () => inWorkshop(host, name, TIME, shop => dumped(shop, file, most), { image: 'mariadb', network: 'own', volume }))
}

async function dumped(shop: Workshop, file: string, most: number): Promise<Dump> {
  const child = shop.start(program('dump'))
  child.stdin.end()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString('latin1')).slice(-2000) })
  let bytes = 0
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      done(bytes > most ? new AubergeError('too_large', 'the database is too large as SQL to be backed up') : null, chunk)
    },
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  await pipeline(child.stdout, count, createGzip({ level: 1 }), createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  const [status] = await ended
  if (shop.late) throw shop.late
  if (status !== 0) throw new AubergeError('failed', `the database could not be read; try again. mariadb-dump said: ${printable(said)}`)
  return { file, bytes }
}

/** Writes a dump as an entry of a tar, in gzip members of its own. */
export async function writeDump({ file, bytes }: Dump, out: PassThrough): Promise<void> {
  out.write(gzipSync(await head(bytes)))
  await pipeline(createReadStream(file), out, { end: false })
  out.write(gzipSync(Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK)))
}

/** The entry's first block or blocks, without its body. */
async function head(size: number): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: ENTRY, mode: 0o600, size })
  const [blocks] = (await once(tar, 'data')) as [Buffer]
  tar.destroy()
  return blocks
}

/** Loads what a backup brought into a database of its own, which goes again: so that it is known to be whole before anything is replaced. `bad_archive` where it isn't. */
export async function tryDatabase(host: Host, name: string, volume: string): Promise<void> {
  if (accessOf(host, name) === null) return
  await host.database.ready()
  await host.database.scratch(name, () => networked(host, name, () => loaded(host, name, volume, scratchOf(name), 'nothing was changed')))
}

/** Puts what a backup brought in the place of all that is in the site's database, and removes it from the volume. */
export async function loadDatabase(host: Host, name: string, volume: string): Promise<void> {
  const access = accessOf(host, name)
  if (access !== null) {
    await host.database.ready()
    await host.database.empty(name)
    await networked(host, name, () => loaded(host, name, volume, access.name, 'the database is incomplete now, the files are as before: restore again'))
  }
  await inWorkshop(host, name, TIME, shop => shop.run(program('loaded')), { volume })
}

/** `outcome`: what a failure leaves the site with. */
function loaded(host: Host, name: string, volume: string, database: string, outcome: string): Promise<void> {
  return inWorkshop(host, name, TIME, async shop => {
    const { status, stderr } = await shop.run(program('load', database))
    if (status !== 0) throw new AubergeError('bad_archive', `the database in the backup can't be brought back; ${outcome}. The server said: ${printable(stderr)}`)
  }, { image: 'mariadb', network: 'own', volume })
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e\n]/g, '?').trim().slice(-500)
