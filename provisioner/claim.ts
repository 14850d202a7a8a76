// Which instance of the machine a house is, and the collection of houses that are gone. Called by main.ts before anything else.
// A claim is a symbolic link /var/lib/auberge-instances/N to the data directory; it lasts as long as the directory, for the ids of its files do.
import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { AubergeError } from '../wire/error.ts'
import { places } from '../wire/house.ts'
import { DEFAULT_DATA, INSTANCES, instance, type Instance } from './instance.ts'
import { lock } from './lock.ts'
import { replaceDurably } from './state.ts'

export const CLAIMS = '/var/lib/auberge-instances'
export const RUN = '/run/auberge'

/**
 * The instance of the house in `data`: the one it had, else the first free one (0 is for the default directory alone).
 * `collect` is called, under the machine's lock, with each instance whose house is gone before its number is given away.
 */
export async function claim(data: string, collect: (dead: Instance, data: string) => Promise<void>): Promise<Instance> {
  for (const dir of [RUN, CLAIMS]) mkdirSync(dir, { recursive: true, mode: 0o755 })
  await mkdir(places(data).pods, { recursive: true, mode: 0o700 })
  const release = await lock(`${RUN}/claims.lock`)
  try {
    await dropDead(collect)
    return await take(data)
  } finally {
    await release()
  }
}

/** Gives a house's number back and collects everything of it that is on the host; its data directory stays. It must not be running. */
export async function retire(data: string, collect: (dead: Instance, data: string) => Promise<void>): Promise<void> {
  const release = await lock(`${RUN}/claims.lock`)
  try {
    for (const [number, owner] of claims()) if (owner === data) await drop(number, data, collect)
  } finally {
    await release()
  }
}

async function drop(number: number, data: string, collect: (dead: Instance, data: string) => Promise<void>): Promise<void> {
  await collect(instance(number, 'fd00:1:1'), data)
  rmSync(`${CLAIMS}/${number}`, { force: true })
}

async function dropDead(collect: (dead: Instance, data: string) => Promise<void>): Promise<void> {
  for (const [number, data] of claims()) {
    if (existsSync(`${places(data).pods}/instance.json`)) continue
    await drop(number, data, collect)
  }
}

/** Claimed numbers and their data directories. */
export function claims(): Map<number, string> {
  const numbers = readdirSync(CLAIMS).map(Number).filter(number => Number.isInteger(number) && number >= 0 && number < INSTANCES)
  return new Map(numbers.map(number => [number, readlinkSync(`${CLAIMS}/${number}`)]))
}

async function take(data: string): Promise<Instance> {
  const taken = claims()
  const mine = [...taken].find(([, owner]) => owner === data)
  const number = mine?.[0] ?? free(data, taken)
  if (mine === undefined) symlinkSync(data, `${CLAIMS}/${number}`)
  return remembered(data, number)
}

function free(data: string, taken: Map<number, string>): number {
  const numbers = data === DEFAULT_DATA ? [0] : Array.from({ length: INSTANCES - 1 }, (_, index) => index + 1)
  const number = numbers.find(each => !taken.has(each))
  if (number === undefined) throw new AubergeError('failed', `all ${INSTANCES - 1} instances of this machine are taken; remove the data directory of one (see ${CLAIMS})`)
  return number
}

/** instance.json keeps the number and the random part of the house's IPv6 network (RFC 4193). */
async function remembered(data: string, number: number): Promise<Instance> {
  const file = `${places(data).pods}/instance.json`
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { number: number; ula: string }) : null
  if (known !== null && known.number === number) return instance(number, known.ula)
  if (known !== null && sites(data)) throw new AubergeError('failed', `${data} was instance ${known.number} of this machine and its files have that one's ids, but ${number} is what is free; see ${CLAIMS}`)
  const ula = randomNetwork()
  await replaceDurably(file, JSON.stringify({ number, ula }))
  return instance(number, ula)
}

/** Canonical text (RFC 5952), for it names files of CNI's too. */
function randomNetwork(): string {
  const group = () => randomInt(1, 0x1_0000).toString(16)
  return `fd${randomInt(256).toString(16).padStart(2, '0')}:${group()}:${group()}`
}

const sites = (data: string) => readdirSync(places(data).pods, { withFileTypes: true }).some(entry => entry.isDirectory() && !entry.name.startsWith('.'))
