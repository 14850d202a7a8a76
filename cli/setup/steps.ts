// Which steps a house needs before it can start. Called by cli/up.ts, cli/main.ts and doctor.
import type { House } from '../../wire/house.ts'
import { image } from './image.ts'
import { GATEWAY, HOUSE, packages, RKT, TESTS } from './packages.ts'
import { people } from './people.ts'
import { program } from './program.ts'
import { rkt } from './rkt.ts'
import type { Step } from './step.ts'

export type Needs = { runtime: House['runtime']; asRoot: boolean; tests: boolean }

/** In the order in which they are mended. Without root there is nothing that could be set up. */
export function steps(clone: string, { runtime, asRoot, tests }: Needs): Step[] {
  if (!asRoot) return []
  const pods = runtime !== 'none'
  return [
    // First, for nothing mends it: without it nothing is installed either.
    ...(runtime === 'rkt' ? [rkt] : []),
    packages([...(pods ? HOUSE : GATEWAY), ...(runtime === 'rkt' ? RKT : []), ...(tests ? TESTS : [])]),
    people,
    program(clone),
    ...(pods ? [image(clone, 'php'), image(clone, 'mariadb')] : []),
  ]
}
