// Which steps a house needs before it can start. Called by cli/up.ts, cli/main.ts and doctor.
import type { House } from '../../wire/house.ts'
import { image } from './image.ts'
import { GATEWAY, HOUSE, packages, TESTS } from './packages.ts'
import { people } from './people.ts'
import { program } from './program.ts'
import type { Step } from './step.ts'

export type Needs = { runtime: House['runtime']; asRoot: boolean; tests: boolean }

/** In the order in which they are mended. Without root there is nothing that could be set up. */
export function steps(clone: string, { runtime, asRoot, tests }: Needs): Step[] {
  if (!asRoot) return []
  const pods = runtime !== 'none'
  return [
    packages([...(pods ? HOUSE : GATEWAY), ...(tests ? TESTS : [])]),
    people,
    program(clone),
    ...(pods ? [image(clone, 'php')] : []),
  ]
}
