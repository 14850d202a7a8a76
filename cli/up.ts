// `auberge up`: sets up what is missing, then becomes the supervisor. Called by main.ts.
import { broughtNode } from '../bin/node24.mjs'
import { existsSync } from 'node:fs'
import type { House } from '../wire/house.ts'
import { progress } from './progress.ts'
import { alone } from './setup/alone.ts'
import { programOf } from './setup/program.ts'
import { goThrough } from './setup/step.ts'
import { steps } from './setup/steps.ts'

export type Caller = { clone: string; asRoot: boolean; argv: string[]; env: Record<string, string | undefined> }

/** Never returns: this process goes on as the supervisor, with the same command line. Throws AubergeErrors while setting up. */
export async function up(house: House, { clone, asRoot, argv, env }: Caller): Promise<never> {
  await goThrough(steps(clone, { runtime: house.runtime, asRoot, tests: false }), progress(house.json), alone)
  const program = asRoot ? programOf(clone) : clone
  const node = [broughtNode(program)].find(existsSync) ?? process.execPath
  const given = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  return process.execve?.(node, [node, '--disable-warning=DEP0112', `${program}/supervisor/main.ts`, ...argv], given) as never
}
