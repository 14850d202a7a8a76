// A whole house for the benchmarks of pods, as a user starts it, with an administrator at its API. Used by bench/create.ts, density.ts and scale.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { dataFor, startHouse, type TestHouse } from '../../test/helpers/house.ts'
import { signIn, type Owner } from '../../test/e2e/owner.ts'
import { cpuSeconds } from '../dns-peers.ts'

/** A house that no clock puts to sleep and no budget presses, and who may reserve any number of names in it. */
export type Place = { house: TestHouse; admin: Owner; started: Started }

/** From the command to "ready": milliseconds, and seconds of the processor that the house's processes used. */
export type Started = { ms: number; cpu: number }

const PASSWORD = 'keys of the whole house'

/** Runs `act` with a data directory for houses; what ran in it is gone afterwards, whatever happened. */
export async function withData<T>(act: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage()
  try {
    return await act(stage)
  } finally {
    await stage.close()
  }
}

export class Stage {
  readonly #endings: (() => unknown)[] = []
  readonly data: string

  constructor() {
    this.data = dataFor(this)
  }

  /** What a test's context does for the helpers. */
  after(end: () => unknown): void { this.#endings.push(end) }

  /** Starts the house, after another has stopped: the first makes the administrator. */
  async start(args: string[] = []): Promise<Place> {
    const start = performance.now()
    const house = await startHouse(this, { data: this.data, args: ['--idle', '86400', ...args] })
    const ms = performance.now() - start
    const [supervisor = 0] = await house.pids('supervisor')
    const started = { ms, cpu: cpuSeconds(supervisor) }
    await house.auberge('account', 'create', 'chief', '--admin', '--password-stdin', { input: PASSWORD })
    return { house, started, admin: await signIn(house, 'chief', PASSWORD) }
  }

  async close(): Promise<void> {
    for (const end of this.#endings) await end()
  }
}

/** Reserves a name, which is ready to start then. */
export async function reserve({ admin }: Place, name: string): Promise<void> {
  const { status, text } = await admin.api('POST', '/api/sites', { name })
  if (status !== 201) throw new Error(`${name} could not be reserved: ${status} ${text}`)
}

/** Asks a site's first page; `status` and what it is served with are the caller's to judge. */
export const page = ({ house }: Place, name: string) => house.visit(`${name}.localhost`)

export async function sleep({ admin }: Place, name: string, tier: 'frozen' | 'asleep'): Promise<void> {
  const { status, text } = await admin.api('PATCH', `/api/sites/${name}`, { tier })
  if (status !== 200) throw new Error(`${name} could not be put to sleep: ${status} ${text}`)
}

/** Does `act` for each, so many at a time. */
export async function each<T>(all: readonly T[], atOnce: number, act: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all]
  const work = async (): Promise<void> => { for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one) }
  await Promise.all(Array.from({ length: atOnce }, work))
}

export const names = (count: number, prefix = 'n'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

/** Time for what goes on a little after it was asked for: the kernel frees namespaces and loop devices by itself. */
export const settle = (): Promise<void> => pause(3_000)
