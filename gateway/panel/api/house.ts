// What a backup of the whole house takes from control: the registry and, when asked for, keys. On the admin socket alone, where everyone is root already.
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import type { Static } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { AubergeError } from '../../../wire/error.ts'
import { places, type Listen } from '../../../wire/house.ts'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { sendStream } from '../stream.ts'
import { Condition, Files, Reached } from '../shapes/house.ts'
import { stream } from '../shapes/shape.ts'

export function addHouse(app: App, room: Room): void {
  app.get('/api/house', { config: { access: 'admin' }, schema: { summary: 'How the house is: memory, disk, sites, processes, names, machine', response: { 200: Condition } } }, () => room.desk.condition())
  app.get('/api/house/reached', { config: { access: 'admin' }, schema: { summary: 'Where this house is reached', response: { 200: Reached } } }, () => reached(room))
  app.get('/api/house/registry', { config: { access: 'admin' }, schema: { summary: 'The registry as one SQLite file; on the admin socket only', response: { 200: stream('application/vnd.sqlite3', 'the registry') } } }, (_request, reply) => sendRegistry(room, reply))
  app.get('/api/house/certificates', { config: { access: 'admin' }, schema: { summary: 'Certificates with their keys, by file; on the admin socket only', response: { 200: Files } } }, () => certificates(room))
  app.get('/api/house/keyring', { config: { access: 'admin' }, schema: { summary: "The zone's keys with their private halves, or null; on the admin socket only", response: { 200: stream('application/json', 'the keys, or null') } } }, (_request, reply) => keyring(room, reply))
}

/** What the doctor compares with what the outside sees. */
function reached({ house }: Room): Static<typeof Reached> {
  const { zone, publicIpv4, publicIpv6, ipv6Prefix, http, https, dns, acme } = house
  const port = (listens: { port: number }[]): number | null => listens[0]?.port ?? null
  const server = typeof acme === 'string' ? null : { url: acme.url, caFile: acme.caFile }
  const secondaries = house.secondaries.map(({ name, address, port }) => ({ name, address, port }))
  return { zone, publicIpv4, publicIpv6, ipv6Prefix, ports: { http: port(http), https: port(https), dns: port(dns) }, nameServer: nearest(dns[0]), secondaries, acme: server }
}

/** Where this machine itself reaches what listens on all addresses. */
function nearest(listen: Listen | undefined): Listen | null {
  return listen === undefined ? null : { port: listen.port, address: { '0.0.0.0': '127.0.0.1', '::': '::1' }[listen.address] ?? listen.address }
}

function onlyHere({ door }: Room): void {
  if (door !== 'console') throw new AubergeError('forbidden', 'Only on the machine itself: auberge backup FILE.')
}

async function sendRegistry(room: Room, reply: FastifyReply): Promise<FastifyReply> {
  onlyHere(room)
  const { uploads } = places(room.house.data)
  await mkdir(uploads, { recursive: true, mode: 0o700 })
  const file = `${uploads}/${randomBytes(16).toString('hex')}.db`
  const remove = () => rm(file, { force: true })
  try {
    await room.registry.copy(file)
    const copy = createReadStream(file)
    copy.once('close', () => void remove())
    return sendStream(room, reply.type('application/vnd.sqlite3'), copy)
  } catch (error) {
    await remove()
    throw error
  }
}

/** Text by its path below the directory of certificates. */
async function certificates(room: Room): Promise<Record<string, string>> {
  onlyHere(room)
  const { certificates: directory } = places(room.house.data)
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile() && entry.name.endsWith('.json')).map(entry => `${entry.parentPath}/${entry.name}`)
  const contents = await Promise.all(files.map(async file => [file.slice(directory.length + 1), await readFile(file, 'utf8').catch(gone)] as const))
  return Object.fromEntries(contents.flatMap(([path, content]) => (content === null ? [] : [[path, content]])))
}

/** An order that came to its end since the directory was read. */
function gone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

async function keyring(room: Room, reply: FastifyReply): Promise<FastifyReply> {
  onlyHere(room)
  const text = await readFile(places(room.house.data).keyring, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'null'
    throw error
  })
  return reply.type('application/json').send(text)
}
