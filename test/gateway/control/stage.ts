// A control with everything around it, for one test: registry and sockets in a directory of its own, all closed when the test ends.
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { assemble, type Control } from '../../../gateway/control/assemble.ts'
import type { Archive } from '../../../gateway/control/parts.ts'
import { openRegistry } from '../../../registry/open.ts'
import type { Registry } from '../../../registry/registry.ts'
import type { Account } from '../../../registry/types.ts'
import { places, type AcmeFiles, type House } from '../../../wire/house.ts'
import { scratch } from '../../registry/scratch.ts'
import { FakeDns, FakeRelay } from './peers.ts'
import { Rooms } from './rooms.ts'

export const plainArchive: Archive = async (_type, body) => ({ tar: Readable.from(body), discard: async () => {} })

export function houseAt(data: string, change: Partial<House> = {}): House {
  return {
    zone: 'localhost', data, http: [{ address: '127.0.0.1', port: 8080 }], https: [], dns: [{ address: '127.0.0.1', port: 5353 }],
    sides: [], publicIpv4: null, publicIpv6: null, ipv6Prefix: null, runtime: 'crun', routes: [], workers: 1, signup: 'open', idle: 3_600_000,
    memoryBudget: 2 ** 30, trustedProxies: [], proxyProtocol: false, h2c: false, acme: 'internal', secondaries: [], resolvers: [], dnssec: false, redirectHttps: 'auto', demo: false, json: true, ...change,
  }
}

export type Stage = {
  house: House; registry: Registry; rooms: Rooms; control: Control; alice: Account
  /** Ends control as it is, without a word to anyone, and starts another on the same files. */
  again(): Promise<void>
  relay(): Promise<FakeRelay>
  dns(): Promise<FakeDns>
}

/** A house with an account `alice` and a provisioner made of `Rooms`. */
export async function stage(t: TestContext, change: Partial<House> = {}, acme: AcmeFiles | null = null): Promise<Stage> {
  const house = houseAt(scratch(t), change)
  const where = places(house.data)
  const registry = openRegistry(where.registry)
  const rooms = new Rooms()
  const log = pino({ level: process.env.LOG ?? 'silent' })
  const start = () => assemble({ house, acme, registry, provisioner: house.runtime === 'none' ? null : rooms, archive: plainArchive, log })
  const alice = registry.accounts.byName('alice') ?? await registry.accounts.create({ username: 'alice', password: 'correct horse' })
  const peers: { destroy(): void }[] = []
  const play = <P extends FakeRelay | FakeDns>(peer: P): P => { peers.push(peer.socket); return peer }
  const set: Stage = {
    house, registry, rooms, alice, control: await start(),
    async again() { await set.control.close(); set.control = await start() },
    relay: async () => play(await FakeRelay.at(where.routesSocket)),
    dns: async () => play(await FakeDns.at(where.zoneSocket)),
  }
  t.after(async () => {
    rooms.before = () => {}
    for (const peer of peers) peer.destroy()
    await set.control.close()
    registry.close()
  })
  return set
}

/** A promise and what settles it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: () => resolve() }
}
