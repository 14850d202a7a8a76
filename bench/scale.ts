// Many sites: a storm of wakes among hundreds with real pods and thousands of cold ones, and what is left after it; and a house with 100,000 reservations.
// Called by bench/main.ts as `npm run bench -- scale`. Must be root. `--part=storm` or `--part=names` measures one; `--sites=`, `--awake=`, `--cold=`, `--names=` set how many.
import { crowd } from './pods/crowd.ts'
import { storm } from './pods/storm.ts'
import { flag } from './relay/rig.ts'
import type { Result } from './table.ts'

export async function run(flags: string[]): Promise<Result[]> {
  const many = (name: string, otherwise: number): number => Number(flag(flags, name) ?? otherwise)
  const part = flag(flags, 'part')
  return [
    ...(part === 'names' ? [] : await storm({ sites: many('sites', 300), awake: many('awake', 60), cold: many('cold', 5_000), rounds: many('rounds', 3) })),
    ...(part === 'storm' ? [] : await crowd(many('names', 100_000))),
  ]
}
