// From a request through the gateway to the last byte of a PHP page, by how deep the site slept; against the runtime by hand, Docker and Podman.
// A whole house runs, its relays, control and provisioner as processes of their own. Needs root; docker.io and podman (Debian) where they are to be compared.
import { flag, inTurn, Rig } from './relay/rig.ts'
import { compare, type Result } from './table.ts'
import { House } from './wake/house.ts'
import { once, type Target } from './wake/page.ts'
import { peersFor, type Peer } from './wake/peers.ts'

type Runs = Record<string, number[]>

/** `--rounds=N`: how often each is woken (15). */
export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 15)
  const rig = await Rig.open()
  const closing: (() => Promise<unknown>)[] = [() => rig.close()]
  try {
    const house = await House.open(rig.dir)
    closing.unshift(() => house.close())
    const peers = await peersFor(rig, house)
    for (const peer of peers) closing.unshift(() => peer.close())
    return await measure(house, peers, rounds)
  } finally {
    for (const close of closing) await close()
  }
}

async function measure(house: House, peers: Peer[], rounds: number): Promise<Result[]> {
  const target: Target = { address: '127.0.0.1', port: house.port, host: house.host }
  const ours = (prepare: () => Promise<void>) => async (): Promise<number> => {
    await prepare()
    return once(target)
  }
  const means: [string, () => Promise<number>][] = [
    ['prepared', ours(() => house.sleep('asleep'))], ['cold', ours(() => house.cold())], ['frozen', ours(() => house.sleep('frozen'))], ['warm', ours(async () => {})],
    ...peers.map((peer): [string, () => Promise<number>] => [peer.name, async () => {
      await house.sleep('asleep')
      return peer.wake().finally(() => peer.end())
    }]),
  ]
  const runs: Runs = {}
  await inTurn(means, rounds + 1, async ([name, wake], round) => {
    if (name === 'warm' || name === 'frozen') await once(target)
    const ms = await wake()
    if (round > 0) (runs[name] ??= []).push(ms)
  })
  return results(runs, peers)
}

function results(runs: Runs, peers: Peer[]): Result[] {
  const of = (name: string): number[] => runs[name] ?? []
  const others = Object.fromEntries(peers.map(({ name }) => [name, of(name)]))
  const conditions = 'to the last byte of a PHP page, ours through the gateway, peers with a request every 2 ms until it is there'
  return [
    compare('wake prepared', 'ms', { auberge: of('prepared'), ...others }, `${conditions}; asleep, its container made and not started`),
    compare('wake cold', 'ms', { auberge: of('cold'), ...others }, `${conditions}; asleep, nothing there but its files`),
    compare('wake frozen', 'ms', { auberge: of('frozen'), 'warm request': of('warm') }, 'one request on a new connection through the gateway, the site frozen or running'),
  ]
}
